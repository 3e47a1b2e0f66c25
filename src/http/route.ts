import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DocumentStore } from '../documents/store.ts';
import type { OrderService } from '../orders/order-service.ts';
import type { PharmacyDirectory } from '../pharmacy/directory.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The order that the request turned out to be about; for the log. */
    orderId: string | null;
  }
}

/** What the routes serve from; `server.ts` builds it once. */
export interface RouteDependencies {
  readonly orders: OrderService;
  readonly documents: DocumentStore;
  readonly pharmacies: Pick<PharmacyDirectory, 'find'>;
  /** Resolves when Temporal answers; for `/readyz` only, since accepting orders does not need it. */
  readonly checkTemporal: () => Promise<void>;
}

/** One route. Its path parameters are in `request.params`, as text. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** `api-key`: the hook has set `request.caller`; `none`: the route checks its caller itself. */
  readonly auth: 'api-key' | 'none';
  /** `json`, or `raw`: the body's bytes as they came. */
  readonly body?: 'json' | 'raw';
  handle(request: FastifyRequest, reply: FastifyReply): Promise<unknown>;
}
