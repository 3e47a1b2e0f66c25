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
import type { KnownKeys } from '../organizations/known-keys.ts';
import type { PharmacyDirectory } from '../pharmacy/directory.ts';
import type { PharmacyActivity } from '../pharmacy/pharmacy-activity.ts';
import type { FailedAttempts } from './edge/failed-attempts.ts';
import type { WebhookAttempts } from './edge/webhook-attempts.ts';
import type { HttpMetrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The order that the request is about, once it is known; for the log and the audit log. */
    orderId: string | null;
    /** The case of a request that names it by email, once it is known; for the audit log. */
    caseId: string | null;
  }
}

/** The services that the routes call. The server creates them once. */
export interface RouteDependencies {
  readonly recordAudit: (entry: AuditEntry) => Promise<void>;
  /** Failed attempts are counted apart by kind, so that forged webhooks refuse no API key. */
  readonly keyFailures: FailedAttempts;
  readonly linkFailures: FailedAttempts;
  readonly webhookAttempts: WebhookAttempts;
  readonly knownKeys: KnownKeys;
  readonly orders: OrderService;
  readonly cases: CaseService;
  readonly events: EventService;
  readonly endpoints: EndpointService;
  readonly documents: SealedDocuments;
  readonly documentLinks: DocumentLinks;
  readonly metrics: HttpMetrics;
  readonly pharmacies: Pick<PharmacyDirectory, 'find'>;
  readonly pharmacyActivity: Pick<PharmacyActivity, 'note'>;
  /** Only `/readyz` calls it: accepting orders needs no Temporal. */
  readonly readReadiness: () => Promise<Readiness>;
  /** The text of `/metrics`. */
  readonly readMetrics: () => Promise<string>;
}

/** A handler's arguments, after the route's schemas have validated them. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The caller's organization; an empty string on a route that needs no key. */
  readonly organizationId: string;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** The examples that the documentation shows, by name. */
type Examples = Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;

/** How a JSON body is validated and documented. */
export interface JsonBody<Body> {
  readonly parse: (body: unknown, request: FastifyRequest) => Parsed<Body>;
  /** The schema that `parse` applies. */
  readonly schema: z.ZodType;
  readonly examples?: Examples;
}

/** A documented response. */
export interface ResponseDoc {
  readonly description: string;
  /** The body. Without a schema, a response with a `contentType` has a body of bytes. */
  readonly schema?: z.ZodType;
  /** Default: `application/json`. */
  readonly contentType?: string;
  readonly headers?: z.ZodObject;
  readonly examples?: Examples;
}

/** The action name in the audit log; a function when it depends on the request body. */
export type AuditAction = string | ((body: unknown) => string);

/** One route: its request, its responses and its handler. */
export interface Route<Params = unknown, Query = unknown, Body = unknown> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** The scope that a key needs (docs/api.md, "The HTTP API"). With `none`, the route authenticates its caller. */
  readonly auth: Scope | 'none';
  /** The action name in the audit log; `none` states why the route records nothing. */
  readonly audit: AuditAction | { readonly none: string };
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  /** A JSON body; `raw` passes the received bytes unchanged. */
  readonly body?: JsonBody<Body> | 'raw';
  readonly doc: {
    readonly operationId: string;
    readonly tag: 'Orders' | 'Cases' | 'Documents' | 'Notifications' | 'Pharmacies' | 'Operation';
    readonly summary: string;
    readonly description?: string;
    /** Request headers in addition to `cv-api-key`. */
    readonly headers?: z.ZodObject;
    /** By status. `openapi/responses.ts` adds the errors that every such route can return. */
    readonly responses: Readonly<Record<number, ResponseDoc>>;
    /** False leaves the route out of the API's documentation. */
    readonly listed?: boolean;
  };
  handle(call: Call<Params, Query, Body>): Promise<unknown>;
}

/** Defines a route and infers the types of its handler from its schemas. */
export function defineRoute<Params = unknown, Query = unknown, Body = unknown>(
  route: Route<Params, Query, Body>,
): Route {
  // Dropping the types is safe: `app.ts` validates each request with the same schemas.
  return route;
}
