import { setTimeout as sleep } from 'node:timers/promises';
import type { Canary } from './canary.ts';

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** The backend of the Demo organization, a client of the API. */
export interface Clinic {
  /** Sends a request. `body` is sent as JSON, or unchanged if it is a string. */
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  putCase(canary: Canary): Promise<void>;
  /** Creates the canary's case and places its order, under its own key or another. @returns the order's id. */
  place(canary: Canary, pharmacyId: string, idempotencyKey?: string): Promise<string>;
  cancel(canary: Canary, orderId: string, reason: string): Promise<void>;
  /**
   * Waits until an order has this status. Processes may die meanwhile.
   *
   * @throws {Error} the order does not have the status after two minutes.
   */
  reaches(canary: Canary, orderId: string, status: string): Promise<void>;
  /** Downloads the bytes of an order's documents. */
  documents(canary: Canary, orderId: string): Promise<Buffer[]>;
}

const LIMIT_MS = 120_000;
const HEADERS = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };

/**
 * @param baseUrl the server's URL.
 * @param signal aborts a request.
 */
export function createClinic(baseUrl: string, signal: AbortSignal): Clinic {
  const send: Clinic['send'] = async (method, path, body, headers = {}) => {
    const response = await fetch(baseUrl + path, {
      method,
      signal,
      headers: { ...HEADERS, ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
  };

  async function mustSend<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, bytes } = await send(method, path, body);
    // The path contains ids only, so it identifies no patient.
    if (status >= 300) throw new Error(`${method} ${path} was answered with ${status}`);
    return (JSON.parse(bytes.toString()) as { data: T }).data;
  }

  const casePath = ({ caseId }: Canary) => `/api/v1/cases/${caseId}`;

  async function putCase(canary: Canary): Promise<void> {
    await mustSend('PUT', casePath(canary), { patient: canary.patient });
  }

  return {
    send,
    putCase,
    async place(canary, pharmacyId, idempotencyKey = canary.idempotencyKey) {
      await putCase(canary);
      const { order } = await mustSend<{ order: { id: string } }>('POST', casePath(canary), {
        action: 'PLACE_ORDER',
        idempotencyKey,
        order: canary.order(pharmacyId),
      });
      return order.id;
    },
    async cancel(canary, orderId, reason) {
      await mustSend('POST', casePath(canary), { action: 'CANCEL_ORDER', orderId, reason });
    },
    async reaches(canary, orderId, wanted) {
      const deadline = Date.now() + LIMIT_MS;
      for (;;) {
        const path = `${casePath(canary)}/orders/${orderId}`;
        const status = await mustSend<{ order: { status: string } }>('GET', path).then(
          ({ order }) => order.status,
          () => 'not to be seen',
        );
        if (status === wanted) return;
        signal.throwIfAborted();
        if (Date.now() > deadline) {
          throw new Error(`order ${orderId} is ${status}, and should be ${wanted}`);
        }
        await sleep(200);
      }
    },
    async documents(canary, orderId) {
      const path = `${casePath(canary)}/orders/${orderId}/documents`;
      const { documents } = await mustSend<{ documents: { id: string }[] }>('GET', path);
      const all = [];
      for (const { id } of documents) {
        const { status, bytes } = await send('GET', `${path}/${id}`);
        if (status !== 200) throw new Error(`document ${id} was answered with ${status}`);
        all.push(bytes);
      }
      return all;
    },
  };
}
