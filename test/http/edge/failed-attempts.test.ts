import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { WebhookAuth } from '../../../src/pharmacy/webhook-auth.ts';
import { createKey } from '../../support/organization.ts';
import { addPharmacy, createPharmacy } from '../../support/pharmacy.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

const BURST = 3;
const TOO_MANY =
  '{"status":429,"success":false,"message":"Too many requests","error":"too many failed attempts; wait"}';

let api: TestApi;
/** The address that the requests of a test come from, as a trusted proxy reports it. */
let here = '';
let tests = 0;
beforeAll(async () => {
  // So slow that no token is refilled during a test.
  const failureLimits = { burst: BURST, perSecond: 0.01 };
  api = await startTestApi({ http: { failureLimits, trustedProxies: ['127.0.0.1'] } });
});
beforeEach(() => {
  tests += 1;
  here = `192.0.2.${tests}`;
});
afterAll(() => api.close());

/** Sends a request from the test's own address. */
function send(method: string, path: string, { headers = {}, body }: SentRequest = {}) {
  return api.send(method, path, { headers: { 'x-forwarded-for': here, ...headers }, body });
}
interface SentRequest {
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

function read(key?: string) {
  return send('GET', '/api/v1/orders', {
    headers: key === undefined ? {} : { 'cv-api-key': key },
  });
}

async function failTo(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) expect((await read(`guess-${n}`)).status).toBe(401);
}

it('a client that guesses keys gets 429 after a burst, whatever it sends then', async () => {
  await failTo(BURST);
  for (const key of ['guess', '', undefined]) {
    const answer = await read(key);
    expect(answer.text).toBe(TOO_MANY);
    expect(answer.status).toBe(429);
    expect(answer.headers.get('ratelimit')).toBeNull();
    // The first token is due in 100 s.
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(90);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(100);
  }
});

it('a key that was valid before keeps working from the same address', async () => {
  expect((await read(api.organization.apiKey)).status).toBe(200);
  await failTo(BURST);
  expect((await read('guess')).status).toBe(429);
  const headers = { 'x-forwarded-for': here };
  expect((await api.place(exampleWithoutKey(), { headers })).status).toBe(200);
});

it('a valid key is served behind the address of a guesser, also after a restart and when it is new', async () => {
  await failTo(BURST);
  // This process has not seen any of the keys.
  expect((await read(api.organization.apiKey)).status).toBe(200);
  const unused = await createKey(api.database, api.organization.organizationId);
  await expect.poll(async () => (await read(unused)).status, { timeout: 3_000 }).toBe(200);
  expect((await read('guess')).status).toBe(429);
});

it('a key that was valid before and is revoked gets 429', async () => {
  const key = await createKey(api.database, api.organization.organizationId);
  expect((await read(key)).status).toBe(200);
  await failTo(BURST);
  await api.database`
    UPDATE api_keys SET revoked_at = now()
    WHERE id = (SELECT id FROM api_keys ORDER BY created_at DESC LIMIT 1)`;
  expect((await read(key)).status).toBe(429);
  expect((await read(key)).status).toBe(429);
});

it('requests without a key count, and get the contract’s errors up to the limit', async () => {
  const answers = [await read(), await read(' '), await read(), await read()];
  expect(answers.map(({ status }) => status)).toEqual([400, 401, 400, 429]);
});

it('routes without authentication are served meanwhile', async () => {
  await failTo(BURST);
  expect((await send('GET', '/healthz')).status).toBe(200);
  expect((await send('GET', '/openapi.json')).status).toBe(200);
});

it('successful requests use up no attempts', async () => {
  for (let n = 0; n < 3 * BURST; n += 1) {
    expect((await read(api.organization.apiKey)).status).toBe(200);
  }
  await failTo(BURST);
});

it('forged webhooks get 429, and authentic ones are accepted meanwhile', async () => {
  const pharmacy = await createPharmacy(api.database);
  const tell = (headers: Record<string, string>, body: string) =>
    send('POST', `/webhooks/pharmacies/${pharmacy.id}`, { headers, body });
  const body = JSON.stringify({
    type: 'order.completed',
    data: { id: 'ph-1', reference: randomUUID() },
  });
  const statuses: number[] = [];
  for (let n = 0; n <= BURST; n += 1) {
    const forged = { ...pharmacy.sign(body), 'webhook-signature': 'v1,AAAA' };
    statuses.push((await tell(forged, body)).status);
  }
  expect(statuses).toEqual([401, 401, 401, 429]);
  expect((await tell(pharmacy.sign(body), body)).status).toBe(202);
  // The failures of webhooks count against no API key.
  expect((await read('guess')).status).toBe(401);
});

/** Adds a pharmacy that authenticates by `Authorization`, and returns how to send its message. */
async function pharmacyWith(auth: WebhookAuth) {
  const id = `pharmacy-${randomUUID()}`;
  await addPharmacy(api.database, id, auth);
  return async (authorization: string) => {
    const reference = randomUUID();
    const answer = await send('POST', `/webhooks/pharmacies/${id}`, {
      headers: { authorization, 'webhook-id': randomUUID() },
      body: JSON.stringify({ type: 'order.completed', data: { id: 'ph-1', reference } }),
    });
    return { status: answer.status, retryAfter: Number(answer.headers.get('retry-after')) };
  };
}

const TOKEN = 'token-of-a-pharmacy';
const BASIC = Buffer.from(`rx:${TOKEN}`).toString('base64');

it.each<[kind: string, auth: WebhookAuth, right: string]>([
  ['token', { kind: 'bearer', token: TOKEN }, `Bearer ${TOKEN}`],
  ['password', { kind: 'basic', username: 'rx', password: TOKEN }, `Basic ${BASIC}`],
])('guesses of a pharmacy’s %s are not checked after a burst', async (_kind, auth, right) => {
  const tell = await pharmacyWith(auth);

  for (let n = 0; n < BURST; n += 1) expect((await tell(`Bearer guess-${n}`)).status).toBe(401);
  const refused = await tell('Bearer guess');
  expect(refused.status).toBe(429);
  expect(refused.retryAfter).toBeGreaterThan(90);
  // Nobody learns that a further guess is right.
  expect((await tell(right)).status).toBe(429);
  expect((await read(api.organization.apiKey)).status).toBe(200);
});

it('a pharmacy’s token that was right before is accepted behind the address of a guesser', async () => {
  const tell = await pharmacyWith({ kind: 'bearer', token: TOKEN });

  expect((await tell(`Bearer ${TOKEN}`)).status).toBe(202);
  for (let n = 0; n < 3 * BURST; n += 1) await tell(`Bearer guess-${n}`);
  expect((await tell('Bearer guess')).status).toBe(429);
  expect((await tell(`Bearer ${TOKEN}`)).status).toBe(202);
});

it('forged document links get 429', async () => {
  const statuses: number[] = [];
  for (let n = 0; n <= BURST; n += 1) {
    const link = `/documents/${randomUUID()}?expires=9999999999&signature=${n}`;
    statuses.push((await send('GET', link)).status);
  }
  expect(statuses).toEqual([403, 403, 403, 429]);
});

it('refusals are counted and logged without an address or a key', async () => {
  const refusals = () =>
    api.app.log.lines.filter(({ fields }) => fields.code === 'FAILED_ATTEMPTS');
  const counted = async () => {
    const { text } = await send('GET', '/metrics');
    return Number(/^rx_http_refused_attempts_total (\d+)$/m.exec(text)?.[1]);
  };
  const before = { counted: await counted(), logged: refusals().length };
  await failTo(BURST);
  await read('guess');
  await read('guess');
  expect((await counted()) - before.counted).toBe(2);
  expect(refusals().length - before.logged).toBe(1);
  expect(JSON.stringify(refusals())).not.toMatch(/192\.0|127\.0|guess/);
});
