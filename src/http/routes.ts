import type { Route, RouteDependencies } from './route.ts';
import { health } from './routes/health.ts';
import { pharmacyWebhook } from './routes/pharmacy-webhook.ts';
import { placeOrder } from './routes/place-order.ts';
import { readDocument } from './routes/read-document.ts';
import { readDocuments } from './routes/read-documents.ts';
import { readOrder } from './routes/read-order.ts';
import { readiness } from './routes/readiness.ts';

/** The route table: every route that there is. */
export function routes(dependencies: RouteDependencies): Route[] {
  return [
    placeOrder(dependencies),
    readOrder(dependencies),
    readDocuments(dependencies),
    readDocument(dependencies),
    pharmacyWebhook(dependencies),
    health(),
    readiness(dependencies),
  ];
}
