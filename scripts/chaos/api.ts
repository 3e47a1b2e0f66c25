import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';

/** The sandbox's case of all orders of a run. */
export const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';

const KEY = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };
/** How long a client waits for one answer. */
const TIMEOUT_MS = 4_000;

/** An answer, as far as it could be read. */
export interface Answer {
  /** Null when no answer or only a part of one arrived. */
  readonly status: number | null;
  readonly headers: Headers;
  readonly json: unknown;
}

/** Sends one request as the Demo organization. Never throws. */
export async function ask(
  url: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      headers: { ...KEY, ...headers },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, json: await response.json() };
  } catch {
    return { status: null, headers: new Headers(), json: undefined };
  }
}

const TRIES = 10;
const COME_AGAIN_MS = 500;

/**
 * Reads a resource that must exist. Retries when the API asks for a retry.
 *
 * @throws {Error} the answer is not a 200 with this shape.
 */
export async function read<Shape extends z.ZodType>(
  url: string,
  shape: Shape,
  headers: Readonly<Record<string, string>> = {},
): Promise<z.output<Shape>> {
  for (let tried = 1; ; tried += 1) {
    const { status, json } = await ask(url, undefined, headers);
    if (status === 200) return shape.parse(json);
    if (tried === TRIES || (status !== null && status !== 503)) {
      throw new Error(`${url} was answered with ${status ?? 'nothing'}`);
    }
    await sleep(COME_AGAIN_MS);
  }
}
