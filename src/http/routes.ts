import type { Route, RouteDependencies } from './route.ts';
import { caseAction } from './routes/case-action.ts';
import { createEndpoint } from './routes/create-endpoint.ts';
import { customerCaseDetail } from './routes/customer-case-detail.ts';
import { deleteEndpoint } from './routes/delete-endpoint.ts';
import { docsPages } from './routes/docs.ts';
import { health, readiness } from './routes/health.ts';
import { listDeliveries } from './routes/list-deliveries.ts';
import { listEndpoints } from './routes/list-endpoints.ts';
import { listEvents } from './routes/list-events.ts';
import { listOrders, listOrdersOfCase } from './routes/list-orders.ts';
import { listPharmacies } from './routes/list-pharmacies.ts';
import { metrics } from './routes/metrics.ts';
import { openApiDocument } from './routes/openapi-document.ts';
import { pharmacyWebhook } from './routes/pharmacy-webhook.ts';
import { putCase } from './routes/put-case.ts';
import { readActivity } from './routes/read-activity.ts';
import { readDocument } from './routes/read-document.ts';
import { readDocuments } from './routes/read-documents.ts';
import { readEndpoint } from './routes/read-endpoint.ts';
import { readLinkedDocument } from './routes/read-linked-document.ts';
import { readOrder } from './routes/read-order.ts';
import { readOrderByKey } from './routes/read-order-by-key.ts';
import { replayDelivery } from './routes/replay-delivery.ts';
import { rotateEndpointSecret } from './routes/rotate-endpoint-secret.ts';
import { testEndpoint } from './routes/test-endpoint.ts';
import { updateEndpoint } from './routes/update-endpoint.ts';

/** Returns every route of the API. */
export function routes(dependencies: RouteDependencies): Route[] {
  const table = [
    caseAction(dependencies),
    putCase(dependencies),
    customerCaseDetail(dependencies),
    listOrdersOfCase(dependencies),
    listOrders(dependencies),
    listEvents(dependencies),
    listPharmacies(dependencies),
    createEndpoint(dependencies),
    listEndpoints(dependencies),
    readEndpoint(dependencies),
    updateEndpoint(dependencies),
    deleteEndpoint(dependencies),
    rotateEndpointSecret(dependencies),
    testEndpoint(dependencies),
    listDeliveries(dependencies),
    replayDelivery(dependencies),
    readOrderByKey(dependencies),
    readOrder(dependencies),
    readActivity(dependencies),
    readDocuments(dependencies),
    readDocument(dependencies),
    readLinkedDocument(dependencies),
    pharmacyWebhook(dependencies),
    health(),
    readiness(dependencies),
    metrics(dependencies),
    ...docsPages(() => openApi.text),
  ];
  // The document describes the whole table and itself.
  const openApi = openApiDocument(table);
  return [...table, openApi.route];
}
