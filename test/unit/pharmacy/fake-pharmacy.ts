import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PharmacyDocument, PharmacyOrderRequest } from '../../../src/pharmacy/gateway.ts';

/** A request as the pharmacy received it. */
interface SeenRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (response: ServerResponse, request: SeenRequest) => void;

/** A real HTTP server on loopback whose answers the test sets. */
export interface FakePharmacy {
  readonly url: string;
  /** All requests so far, in order. */
  readonly seen: SeenRequest[];
  /** Sets the answer to all further requests. */
  answer(next: Answer): void;
  close(): Promise<void>;
}

/** Starts a fake pharmacy on a free port. */
export async function startFakePharmacy(): Promise<FakePharmacy> {
  let answer: Answer = (response) => response.writeHead(500).end();
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      const whole = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
      seen.push(whole);
      answer(response, whole);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer(next) {
      answer = next;
    },
    close: () => close(server),
  };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** An answer with this status and JSON body. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** An answer with this status and a plain text body. */
export function text(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

export const REFERENCE = '0198c0de-0000-7000-8000-000000000001';

/** An order as the pharmacy returns it. */
export const ORDER = { id: 'ph-1', reference: REFERENCE, status: 'accepted', documents: [] };

/** An order as we send it. */
export const REQUEST: PharmacyOrderRequest = {
  reference: REFERENCE,
  caseId: 'case-1',
  prescription: {
    pharmacyId: 'pharmacy-1',
    diagnosis: 'synthetic diagnosis',
    prescriber: {
      firstName: 'Pat',
      lastName: 'Example',
      npi: '1234567890',
      email: 'pat@example.com',
      phoneNumber: '+1234567890',
      address: {
        addressLine1: '2 Side Street',
        city: 'Springfield',
        state: 'IL',
        country: 'US',
        postalCode: '62701',
      },
    },
    prescriptionItems: [{ drugId: 'drug-1', quantity: '30' }],
  },
  shippingAddress: {
    addressLine1: '1 Main Street',
    city: 'Springfield',
    state: 'IL',
    country: 'US',
    postalCode: '62701',
  },
  patient: { firstName: 'Sam', lastName: 'Sample' },
};

/** A document as the pharmacy announces it. */
export function documentAt(url: string): PharmacyDocument {
  return {
    id: 'doc-1',
    name: 'prescription.pdf',
    contentType: 'application/pdf',
    size: 10,
    sha256: 'a'.repeat(64),
    url,
  };
}

/** A signal that never aborts. */
export const unaborted = (): AbortSignal => new AbortController().signal;

/** Returns the error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
