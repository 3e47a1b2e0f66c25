import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addPharmacy, createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
let pharmacy: TestPharmacy;
let body: string;
beforeAll(async () => {
  api = await startTestApi();
  pharmacy = await createPharmacy(api.database);
  const example = exampleWithoutKey();
  const placed = await api.place({
    ...example,
    order: { ...example.order, pharmacyId: pharmacy.id },
  });
  const reference = placed.json.data.order.id as string;
  body = JSON.stringify({ type: 'order.completed', data: { id: 'ph-1', reference } });
});
afterAll(() => api.close());

const UNAUTHORIZED =
  '{"status":401,"success":false,"message":"Invalid request","error":"Unauthorized"}';

function post(pharmacyId: string, headers: Record<string, string>, sent: string | Buffer = body) {
  return api.send('POST', `/webhooks/pharmacies/${pharmacyId}`, { headers, body: sent });
}

describe('a webhook that is not authentic always gets the same 401', () => {
  afterEach(async () => {
    expect([await api.count('inbox'), await api.count('outbox')]).toEqual([0, 1]);
  });

  async function expectUnauthorized(answer: ReturnType<typeof post>): Promise<void> {
    const { status, text } = await answer;
    expect([status, text]).toEqual([401, UNAUTHORIZED]);
  }

  it('with the signature of another body', async () => {
    await expectUnauthorized(post(pharmacy.id, pharmacy.sign(`${body} `)));
  });

  it('with invalid UTF-8 that decodes to the signed text', async () => {
    const text = JSON.stringify({ type: 'order.completed', data: { id: '\ufffd' } });
    const bytes = Buffer.from(text.replace('\ufffd', '\u00ff'), 'latin1');

    await expectUnauthorized(post(pharmacy.id, pharmacy.sign(text), bytes));
  });

  it('with another id than the signed one', async () => {
    const headers = pharmacy.sign(body, { webhookId: 'msg_1' });

    await expectUnauthorized(post(pharmacy.id, { ...headers, 'webhook-id': 'msg_2' }));
  });

  it('signed by another pharmacy', async () => {
    const other = await createPharmacy(api.database);

    await expectUnauthorized(post(pharmacy.id, other.sign(body)));
  });

  it.each([
    ['too old', -6 * 60_000],
    ['in the future', 6 * 60_000],
    ['from decades ago', -40 * 365 * 86_400_000],
  ])('with a timestamp that is %s', async (_what, offsetMs) => {
    const at = new Date(Date.now() + offsetMs);

    await expectUnauthorized(post(pharmacy.id, pharmacy.sign(body, { at })));
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'without the header %s',
    async (name) => {
      const { [name]: _, ...headers } = pharmacy.sign(body);

      await expectUnauthorized(post(pharmacy.id, headers));
    },
  );

  it.each(['', 'v1,', 'v1,AAAA', 'v2,AAAA', 'nonsense', 'v1,é', ' ', 'v1,AAAA '.repeat(500)])(
    'with the signature %j',
    async (signature) => {
      const headers = { ...pharmacy.sign(body), 'webhook-signature': signature };

      await expectUnauthorized(post(pharmacy.id, headers));
    },
  );

  it.each(['', 'now', 'NaN', '-1', '1e400', '999999999999999999999'])(
    'with the timestamp %j',
    async (timestamp) => {
      const headers = { ...pharmacy.sign(body), 'webhook-timestamp': timestamp };

      await expectUnauthorized(post(pharmacy.id, headers));
    },
  );

  it.each([
    ['unknown', () => `pharmacy-${randomUUID()}`],
    ['very long', () => 'p'.repeat(4_000)],
    ['NUL', () => '%00'],
  ])('for a pharmacy that is %s', async (_what, id) => {
    await expectUnauthorized(post(id(), pharmacy.sign(body)));
  });

  it('for a pharmacy that sends no webhooks, or whose authentication is malformed', async () => {
    const [silent, malformed, wrongSecret] = [randomUUID(), randomUUID(), randomUUID()];
    await addPharmacy(api.database, silent, { kind: 'none' });
    await addPharmacy(api.database, malformed, {
      kind: 'standard-webhook' as 'standard-webhooks',
      secret: 'x',
    });
    await addPharmacy(api.database, wrongSecret, { kind: 'standard-webhooks', secret: '%%%' });

    for (const id of [silent, malformed, wrongSecret]) {
      await expectUnauthorized(post(id, pharmacy.sign(body)));
    }
  });

  it('with a wrong password or bearer token', async () => {
    const [basic, bearer] = [randomUUID(), randomUUID()];
    await addPharmacy(api.database, basic, { kind: 'basic', username: 'u', password: 'secret' });
    await addPharmacy(api.database, bearer, { kind: 'bearer', token: 'secret' });

    await expectUnauthorized(post(basic, { authorization: `Basic ${btoa('u:wrong')}` }));
    await expectUnauthorized(post(basic, { authorization: 'Bearer secret' }));
    await expectUnauthorized(post(bearer, { authorization: 'Bearer wrong' }));
    await expectUnauthorized(post(bearer, {}));
  });
});

describe('an authentic webhook', () => {
  it.each([
    ['garbage', '\u0001\u0002 garbage'],
    ['cut JSON', '{"type":"order.completed"'],
    ['a list', '[]'],
    ['null', 'null'],
    ['no type', '{"data":{}}'],
    ['a type that is not a string', '{"type":7,"data":{}}'],
    ['nothing', ''],
  ])('with %s in its body gets 400 and leaves no row', async (_what, sent) => {
    const before = await api.count('inbox');

    const answer = await post(pharmacy.id, pharmacy.sign(sent), sent);

    expect(answer.json).toMatchObject({ status: 400, message: 'Invalid request' });
    expect(await api.count('inbox')).toBe(before);
  });

  it('is read with any content type', async () => {
    for (const type of ['text/plain', 'application/octet-stream', 'application/cloudevents+json']) {
      const answer = await post(pharmacy.id, { ...pharmacy.sign(body), 'content-type': type });

      expect(answer.status).toBe(202);
    }
  });

  it('may be four minutes off', async () => {
    for (const offsetMs of [-240_000, 240_000]) {
      const at = new Date(Date.now() + offsetMs);

      expect((await post(pharmacy.id, pharmacy.sign(body, { at }))).status).toBe(202);
    }
  });

  it('may use a password or a bearer token, if the pharmacy is configured so', async () => {
    const [basic, bearer] = [randomUUID(), randomUUID()];
    await addPharmacy(api.database, basic, { kind: 'basic', username: 'u', password: 'secret' });
    await addPharmacy(api.database, bearer, { kind: 'bearer', token: 'secret' });

    const answers = [
      await post(basic, { authorization: `Basic ${btoa('u:secret')}` }),
      await post(bearer, { authorization: 'Bearer secret' }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  });

  it('of more than 1 MiB gets 413', async () => {
    const sent = JSON.stringify({ type: 'order.completed', data: {}, fill: 'x'.repeat(1 << 20) });

    expect((await post(pharmacy.id, pharmacy.sign(sent), sent)).status).toBe(413);
  });
});
