import { afterEach, beforeEach } from 'vitest';
import type { ForeignAccess } from '../../../src/egress/destination.ts';
import { createHttpCalls } from '../../../src/pharmacy/http-calls.ts';
import { createOpenDocument } from '../../../src/pharmacy/open-document.ts';
import { PharmacyFaultError } from '../../../src/pharmacy/pharmacy-errors.ts';
import { LOOPBACK } from '../../support/foreign.ts';
import { type FakePharmacy, startFakePharmacy, text, unaborted } from './fake-pharmacy.ts';

const SECRET = 'synthetic-token';
export const FORBIDDEN = new PharmacyFaultError('DOCUMENT_DESTINATION_FORBIDDEN');

/** A pharmacy, and another server to which the links of its documents lead. */
export interface DocumentServers {
  readonly pharmacy: FakePharmacy;
  readonly storage: FakePharmacy;
}

/** Starts both servers for each test. */
export function useDocumentServers(): DocumentServers {
  const servers: { pharmacy?: FakePharmacy; storage?: FakePharmacy } = {};
  beforeEach(async () => {
    [servers.pharmacy, servers.storage] = await Promise.all([
      startFakePharmacy(),
      startFakePharmacy(),
    ]);
  });
  afterEach(() => Promise.all([servers.pharmacy?.close(), servers.storage?.close()]));
  return servers as DocumentServers;
}

interface Options {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly foreign?: ForeignAccess;
}

/** Opens a link as a gateway of the pharmacy does. */
export function openLink(
  { pharmacy }: DocumentServers,
  link: string,
  { signal = unaborted(), timeoutMs = 5_000, foreign = LOOPBACK }: Options = {},
) {
  const openDocument = createOpenDocument({
    base: pharmacy.url,
    headers: { authorization: `Bearer ${SECRET}`, 'cv-api-key': SECRET },
    http: createHttpCalls(timeoutMs, LOOPBACK.lookup),
    ...{ foreign, timeoutMs },
  });
  return openDocument(link, signal);
}

/** Opens a link and reads all bytes. */
export async function downloadLink(...args: Parameters<typeof openLink>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await openLink(...args)).bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** An answer that redirects to `location`. */
export const redirect = (location: string, status = 302) => text(status, 'elsewhere', { location });

/** For each request that a server got, whether it contained the pharmacy's credentials. */
export const sentSecret = ({ seen }: FakePharmacy) =>
  seen.map(({ headers, url }) => JSON.stringify([headers, url]).includes(SECRET));
