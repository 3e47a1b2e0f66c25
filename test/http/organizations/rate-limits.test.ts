import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { createKey } from '../../support/organization.ts';
import {
  type Answer,
  exampleWithoutKey,
  sendTo,
  startTestApi,
  type TestApi,
} from '../../support/test-api.ts';

const LIMIT = { perSecond: 20, burstSeconds: 2 };
const BURST = LIMIT.perSecond * LIMIT.burstSeconds;
/** A process leases a tenth of a second's tokens at a time. */
const CHUNK = LIMIT.perSecond / 10;

let api: TestApi;
let second: TestApp;
beforeAll(async () => {
  api = await startTestApi({ limits: { rateLimit: LIMIT } });
  second = await startApp(api.asServer, { limits: { rateLimit: LIMIT } });
});
afterAll(async () => {
  await second.close();
  await api.close();
});

const newKey = () => createKey(api.database, api.organization.organizationId);

/** Creates a key with a limit of one request per second, and uses it up. */
async function usedUpKey(): Promise<{ key: string; answers: Answer[] }> {
  const key = await newKey();
  await api.database`
    UPDATE api_keys SET rate_limit_per_second = 1
    WHERE id = (SELECT id FROM api_keys ORDER BY created_at DESC LIMIT 1)`;
  const answers = await Promise.all(Array.from({ length: 12 }, () => list(api.app, key)));
  return { key, answers };
}

function list(app: TestApp, key: string): Promise<Answer> {
  return sendTo(app.url, 'GET', '/api/v1/orders', { headers: { 'cv-api-key': key } });
}

/** Sends requests to all apps as fast as possible for `ms` milliseconds. */
async function flood(apps: TestApp[], key: string, ms: number): Promise<Answer[]> {
  const until = Date.now() + ms;
  const answers: Answer[] = [];
  const client = async (app: TestApp) => {
    while (Date.now() < until) {
      const answer = await list(app, key);
      answers.push(answer);
      if (answer.status === 429) await sleep(10);
    }
  };
  await Promise.all([...apps, ...apps].map(client));
  return answers;
}

describe('the rate limit of a key', () => {
  it('allows the burst and the rate across all processes', async () => {
    const key = await newKey();
    const start = Date.now();
    const answers = await flood([api.app, second], key, 2_000);
    const seconds = (Date.now() - start) / 1_000;

    const served = answers.filter(({ status }) => status === 200).length;
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
    expect(served).toBeLessThanOrEqual(BURST + LIMIT.perSecond * seconds + 1);
    // Tokens that a process has leased may be unused at the end.
    expect(served).toBeGreaterThanOrEqual(BURST - 2 * CHUNK);
  });

  it('reports its state in every answer, and when to retry', async () => {
    const key = await newKey();

    const first = await list(api.app, key);
    expect(first.headers.get('ratelimit-policy')).toBe(`"key";q=${BURST};w=2`);
    expect(first.headers.get('ratelimit')).toBe(`"key";r=${BURST - 1};t=1`);

    const refused = (await flood([api.app], key, 1_500)).find(({ status }) => status === 429);
    expect(refused?.json).toEqual({
      status: 429,
      success: false,
      message: 'Too many requests',
      error: 'the rate limit of the key is used up',
    });
    expect(refused?.headers.get('retry-after')).toBe('1');
    expect(refused?.headers.get('ratelimit')).toMatch(/^"key";r=0;t=[12]$/);
  });

  it('does not affect other keys of the same organization', async () => {
    const quiet = await newKey();
    const { key: busy } = await usedUpKey();
    const [first, second] = await Promise.all([list(api.app, busy), list(api.app, quiet)]);

    expect([first.status, second.status]).toEqual([429, 200]);
  });

  it('refills over time', async () => {
    const key = await newKey();
    await flood([api.app], key, 1_000);
    await sleep(1_000);

    const answers = await Promise.all(
      Array.from({ length: LIMIT.perSecond / 2 }, () => list(api.app, key)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('can be set for one key', async () => {
    const { answers } = await usedUpKey();

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"key";q=2;w=2');
  });

  it('is charged for an expensive body, so that one client cannot keep the process busy', async () => {
    const key = await newKey();
    const body = JSON.stringify({
      action: 'VALIDATE_ORDER',
      order: { fill: Array(8_000).fill(0) },
    });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => api.place(body, { headers: { 'cv-api-key': key } })),
    );
    const served = answers.filter(({ status }) => status === 400);
    const refused = answers.filter(({ status }) => status === 429);

    // Each costs 17 tokens of 40; the last one may leave the key with a debt.
    expect(served.length).toBeLessThanOrEqual(4);
    expect(served.length + refused.length).toBe(8);
    expect(refused[0]?.json.error).toBe('the rate limit of the key is used up');
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('does not keep a revoked key valid', async () => {
    const key = await newKey();
    expect((await list(api.app, key)).status).toBe(200);
    await api.database`UPDATE api_keys SET revoked_at = now()`;
    // The server is notified a moment later.
    const answer = await eventually('the key is refused', async () => {
      const answer = await list(api.app, key);
      return answer.status === 200 ? undefined : answer;
    });
    await api.database`UPDATE api_keys SET revoked_at = NULL`;

    expect(answer.status).toBe(401);
    expect(answer.headers.has('ratelimit')).toBe(false);
  });

  it('stores nothing, and uses no idempotency key, if it refuses a request', async () => {
    const before = await api.count('orders');
    const { key } = await usedUpKey();

    const refused = await api.place(exampleWithoutKey(), { headers: { 'cv-api-key': key } });

    expect(refused.status).toBe(429);
    expect(await api.count('orders')).toBe(before);
  });
});
