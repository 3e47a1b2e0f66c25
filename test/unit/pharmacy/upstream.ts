import { afterEach, beforeEach } from 'vitest';
import { createCareValidateGateway } from '../../../src/pharmacy/carevalidate-gateway.ts';
import type { PharmacyGateway } from '../../../src/pharmacy/gateway.ts';
import { LOOPBACK } from '../../support/foreign.ts';
import { type FakePharmacy, json, startFakePharmacy } from './fake-pharmacy.ts';

/** A server that answers as the original service does, without this project's additions. */
export interface Upstream {
  readonly pharmacy: FakePharmacy;
  readonly gateway: PharmacyGateway;
  /** The pharmacy order ids that our orders already have. */
  readonly taken: Set<string>;
  /** The documents that are stored for our orders. */
  readonly stored: { pharmacyOrderId: string; pharmacyDocumentId: string }[];
}

/** Starts the server, and creates the gateway to it, for each test. */
export function useUpstream(): Upstream {
  const taken: Upstream['taken'] = new Set();
  const stored: Upstream['stored'] = [];
  const upstream: { pharmacy?: FakePharmacy; gateway?: PharmacyGateway } = {};
  beforeEach(async () => {
    taken.clear();
    stored.length = 0;
    upstream.pharmacy = await startFakePharmacy();
    upstream.gateway = createCareValidateGateway({
      baseUrl: `${upstream.pharmacy.url}/`,
      token: 'upstream-key',
      timeoutMs: 1_000,
      foreign: LOOPBACK,
      findTaken: async (ids) => new Set(ids.filter((id) => taken.has(id))),
      findDocuments: async (ids) => stored.filter((each) => ids.includes(each.pharmacyOrderId)),
    });
  });
  afterEach(() => upstream.pharmacy?.close());
  return Object.assign(upstream, { taken, stored }) as Upstream;
}

interface TheirOrder {
  readonly id: string | number;
  readonly status?: unknown;
  readonly [field: string]: unknown;
}

/** The answer to a read of the case. */
export function detail(orders: readonly TheirOrder[], attachments: readonly unknown[] = []) {
  const all = orders.map((order) => ({ status: 'ACCEPTED', message: null, ...order }));
  return {
    status: 200,
    success: true,
    caseDetail: { id: 'case-1', status: 'OPEN', orders: all, attachments },
  };
}

/** Sets the answer to orders, and another one to reads of the case. */
export function answer(
  { pharmacy }: Upstream,
  status: number,
  body: object,
  caseDetail: object,
  headers = {},
): void {
  pharmacy.answer((response, request) =>
    request.method === 'POST'
      ? json(status, body, headers)(response, request)
      : json(200, caseDetail)(response, request),
  );
}
