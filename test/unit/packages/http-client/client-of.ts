import type { PrescriptionOrder } from '../../../../packages/http-client/src/index.ts';
import {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
} from '../../../../packages/http-client/src/index.ts';
import { examplePlaceOrder } from '../../../support/example.ts';

export const API_KEY = 'key-that-nobody-may-see';
export const CASE = '123e4567-e89b-12d3-a456-426614174000';

/** A client of a server on loopback, which waits little between attempts. */
export function clientOf(url: string, options: Partial<HttpClientOptions> = {}): HttpClient {
  const retries = { initialDelayMs: 1, maxDelayMs: 5, ...options.retries };
  return createHttpClient({ baseUrl: url, apiKey: API_KEY, ...options, retries });
}

/** The published example's order. */
export function exampleOrder(): PrescriptionOrder {
  return examplePlaceOrder().order;
}

/** The error that a call ends with. */
export async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => {
      throw new Error('the call succeeded');
    },
    (error: unknown) => error,
  );
}
