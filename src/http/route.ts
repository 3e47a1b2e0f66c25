import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { AuditEntry } from '../audit/record-audit.ts';
import type { CaseService } from '../cases/case-service.ts';
import type { Parsed } from '../contract/validation.ts';
import type { DocumentLinks } from '../documents/document-links.ts';
import type { SealedDocuments } from '../documents/sealed-documents.ts';
import type { EndpointService } from '../notifications/endpoints/endpoint-service.ts';
import type { EventService } from '../notifications/events/event-service.ts';
import type { OrderService } from '../orders/order-service.ts';
import type { Scope } from '../organizations/authenticate.ts';
import type { PharmacyDirectory } from '../pharmacy/directory.ts';
import type { FailedAttempts } from './edge/failed-attempts.ts';
import type { HttpMetrics } from './metrics.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The order that the request turned out to be about; for the log. */
    orderId: string | null;
  }
}

/** What the routes serve from; `server.ts` builds it once. */
export interface RouteDependencies {
  readonly recordAudit: (entry: AuditEntry) => Promise<void>;
  readonly failedAttempts: FailedAttempts;
  readonly orders: OrderService;
  readonly cases: CaseService;
  readonly events: EventService;
  readonly endpoints: EndpointService;
  readonly documents: SealedDocuments;
  readonly documentLinks: DocumentLinks;
  readonly metrics: HttpMetrics;
  readonly pharmacies: Pick<PharmacyDirectory, 'find'>;
  /** Resolves when Temporal answers; for `/readyz` only, since accepting orders does not need it. */
  readonly checkTemporal: () => Promise<void>;
}

/** What a handler is given: everything that the route's schemas let through. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The caller's organization; empty on a route that needs no key. */
  readonly organizationId: string;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** An example by its name, as the documentation shows it. */
type Examples = Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;

/** How a JSON body is checked, and how it is documented. */
export interface JsonBody<Body> {
  readonly parse: (body: unknown) => Parsed<Body>;
  /** The schema that `parse` goes by. */
  readonly schema: z.ZodType;
  readonly examples?: Examples;
}

/** An answer as it is documented. */
export interface ResponseDoc {
  readonly description: string;
  /** The body; with a `contentType`, it is bytes unless this says otherwise. */
  readonly schema?: z.ZodType;
  /** `application/json`, unless it is told here. */
  readonly contentType?: string;
  readonly headers?: z.ZodObject;
  readonly examples?: Examples;
}

/** What a request is called in the audit log; by its body, where that says what it does. */
export type AuditAction = string | ((body: unknown) => string);

/** One route: what it takes, what it answers, and what it does. */
export interface Route<Params = unknown, Query = unknown, Body = unknown> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** The scope that a key needs (api.md, "HTTP"); `none`: the route checks its caller itself. */
  readonly auth: Scope | 'none';
  /** What it is called in the audit log; `none`: why it has nothing to be recorded. */
  readonly audit: AuditAction | { readonly none: string };
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  /** A JSON body; `raw`: the body's bytes as they came. */
  readonly body?: JsonBody<Body> | 'raw';
  readonly doc: {
    readonly operationId: string;
    readonly tag: 'Orders' | 'Cases' | 'Documents' | 'Notifications' | 'Pharmacies' | 'Operation';
    readonly summary: string;
    readonly description?: string;
    /** Request headers beside `cv-api-key`. */
    readonly headers?: z.ZodObject;
    /** By status; the errors that every route of its kind has are added (`openapi.ts`). */
    readonly responses: Readonly<Record<number, ResponseDoc>>;
    /** False: not part of the API's documentation. */
    readonly listed?: boolean;
  };
  handle(call: Call<Params, Query, Body>): Promise<unknown>;
}

/** Lets the schemas of a route give its handler's types. */
export function defineRoute<Params = unknown, Query = unknown, Body = unknown>(
  route: Route<Params, Query, Body>,
): Route {
  // The types are the schemas' own, by which `app.ts` parses what it hands over.
  return route;
}
