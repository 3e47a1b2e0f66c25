import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createKey } from '../../support/organization.ts';
import { createPharmacy } from '../../support/pharmacy.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

const BURST = 3;
const TOO_MANY =
  '{"status":429,"success":false,"message":"Too many requests","error":"too many failed attempts; wait"}';

let api: TestApi;
beforeEach(async () => {
  // So slow that no token is refilled during a test.
  api = await startTestApi({ http: { failureLimits: { burst: BURST, perSecond: 0.01 } } });
});
afterEach(() => api.close());

function read(key?: string) {
  return api.send('GET', '/api/v1/orders', {
    headers: key === undefined ? {} : { 'cv-api-key': key },
  });
}

async function failTo(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) expect((await read(`guess-${n}`)).status).toBe(401);
}

it('a client that guesses keys gets 429 after a burst, whatever it sends then', async () => {
  const unused = await createKey(api.database, api.organization.organizationId);
  await failTo(BURST);
  for (const key of ['guess', '', undefined, unused]) {
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
  expect((await api.place(exampleWithoutKey())).status).toBe(200);
});

it('a key that was valid before and is revoked gets 429', async () => {
  expect((await read(api.organization.apiKey)).status).toBe(200);
  await failTo(BURST);
  await api.database`UPDATE api_keys SET revoked_at = now()`;
  expect((await read(api.organization.apiKey)).status).toBe(429);
  expect((await read(api.organization.apiKey)).status).toBe(429);
});

it('requests without a key count, and get the contract’s errors up to the limit', async () => {
  const answers = [await read(), await read(' '), await read(), await read()];
  expect(answers.map(({ status }) => status)).toEqual([400, 401, 400, 429]);
});

it('routes without authentication are served meanwhile', async () => {
  await failTo(BURST);
  expect((await api.send('GET', '/healthz')).status).toBe(200);
  expect((await api.send('GET', '/openapi.json')).status).toBe(200);
});

it('successful requests use up no attempts', async () => {
  for (let n = 0; n < 3 * BURST; n += 1) {
    expect((await read(api.organization.apiKey)).status).toBe(200);
  }
  await failTo(BURST);
});

it('forged webhooks get 429, and authentic ones are accepted meanwhile', async () => {
  const pharmacy = await createPharmacy(api.database);
  const send = (headers: Record<string, string>, body: string) =>
    api.send('POST', `/webhooks/pharmacies/${pharmacy.id}`, { headers, body });
  const body = JSON.stringify({
    type: 'order.completed',
    data: { id: 'ph-1', reference: randomUUID() },
  });
  const statuses: number[] = [];
  for (let n = 0; n <= BURST; n += 1) {
    const forged = { ...pharmacy.sign(body), 'webhook-signature': 'v1,AAAA' };
    statuses.push((await send(forged, body)).status);
  }
  expect(statuses).toEqual([401, 401, 401, 429]);
  expect((await send(pharmacy.sign(body), body)).status).toBe(202);
  // Webhooks and API keys share the count of the address.
  expect((await read('guess')).status).toBe(429);
});

it('forged document links get 429', async () => {
  const statuses: number[] = [];
  for (let n = 0; n <= BURST; n += 1) {
    const link = `/documents/${randomUUID()}?expires=9999999999&signature=${n}`;
    statuses.push((await api.send('GET', link)).status);
  }
  expect(statuses).toEqual([403, 403, 403, 429]);
});

it('refusals are counted and logged without an address or a key', async () => {
  await failTo(BURST);
  await read('guess');
  await read('guess');
  const { text } = await api.send('GET', '/metrics');
  expect(text).toMatch(/^rx_http_refused_attempts_total 2$/m);
  const refusals = api.app.log.lines.filter(({ fields }) => fields.code === 'FAILED_ATTEMPTS');
  expect(refusals).toHaveLength(1);
  expect(JSON.stringify(refusals)).not.toMatch(/127\.0|guess/);
});
