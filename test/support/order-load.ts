import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { examplePlaceOrder } from './example.ts';

/** The outcome of a request that places an order. */
export type PlacedAnswer =
  | {
      readonly kind: 'answered';
      /** From the moment when a connection was free until the end of the answer. */
      readonly ms: number;
      readonly status: number;
      readonly headers: http.IncomingHttpHeaders;
      readonly body: { readonly data?: { readonly order: { readonly id: string } } };
    }
  /** No byte of an answer arrived. */
  | { readonly kind: 'refused'; readonly code: string }
  /** The answer is incomplete. */
  | { readonly kind: 'torn' };

/** Places the published example for the sandbox's case, with a new idempotency key unless one is given. */
export async function placeOrder(
  baseUrl: string,
  agent: http.Agent,
  idempotencyKey: string = randomUUID(),
): Promise<PlacedAnswer> {
  const body = JSON.stringify({ ...examplePlaceOrder(), idempotencyKey });
  return await new Promise((resolve) => {
    const request = http.request(`${baseUrl}/api/v1/cases/123e4567-e89b-12d3-a456-426614174000`, {
      agent,
      method: 'POST',
      headers: {
        'cv-api-key': 'YOUR_SECRET_KEY',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    });
    let start = performance.now();
    request.on('socket', () => {
      start = performance.now();
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ kind: 'refused', code: error.code ?? error.name }),
    );
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('error', () => resolve({ kind: 'torn' }));
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        try {
          const ms = performance.now() - start;
          resolve({ kind: 'answered', ms, status, headers, body: JSON.parse(text) });
        } catch {
          resolve({ kind: 'torn' });
        }
      });
    });
    request.end(body);
  });
}
