import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrganization } from '../support/organization.ts';
import { answersIn, orderBytes, sendRaw } from '../support/raw-http.ts';
import { exampleWithKey, startTestApi, type TestApi } from '../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

async function place(headers: readonly string[], body?: object) {
  const before = await api.count('orders');
  const bytes = orderBytes(api, { headers, ...(body && { body: JSON.stringify(body) }) });
  const [answer] = answersIn(await sendRaw(api.app.url, bytes));
  return { ...answer!, stored: (await api.count('orders')) - before };
}

describe('a second cv-api-key', () => {
  it.each<[what: string, second: () => string | Promise<string>]>([
    ['that is the same', () => api.organization.apiKey],
    ['of another organization', async () => (await createOrganization(api.database)).apiKey],
    ['that is unknown', () => 'nobody'],
    ['that is empty', () => ''],
  ])('%s gets 401, because the server does not guess which one is meant', async (_what, second) => {
    const { status, json, stored } = await place([`CV-API-Key: ${await second()}`]);

    expect([status, json.error, stored]).toEqual([401, 'Unauthorized', 0]);
  });
});

describe('Idempotency-Mode', () => {
  it.each([
    ['once', ['Idempotency-Mode: replay'], 200],
    ['with white space around it', ['Idempotency-Mode: \t replay \t'], 200],
    ['twice', ['Idempotency-Mode: replay', 'Idempotency-Mode: replay'], 409],
    ['twice and different', ['Idempotency-Mode: replay', 'Idempotency-Mode: none'], 409],
    ['in upper case', ['Idempotency-Mode: REPLAY'], 409],
    ['empty', ['Idempotency-Mode:'], 409],
    ['with another value', ['Idempotency-Mode: yes'], 409],
  ])(
    '%s: a used key gets a 409, or the first response with exactly one “replay”',
    async (what, headers, status) => {
      const first = await place([], exampleWithKey(what));
      const bytes = orderBytes(api, { headers, body: JSON.stringify(exampleWithKey(what)) });
      const [again] = answersIn(await sendRaw(api.app.url, bytes));

      expect(again?.status).toBe(status);
      if (status === 200) expect(again?.json).toEqual(first.json);
      else expect(again?.json.code).toBe('IDEMPOTENCY_ERROR');
      expect(/^idempotency-replayed: true\r$/im.test(again!.head)).toBe(status === 200);
      expect(again?.head).toMatch(status === 200 ? /200 OK/ : /^idempotency-match: same\r$/im);
    },
  );
});

describe('many headers', () => {
  it('are all read, to the last one', async () => {
    const key = `cv-api-key: ${api.organization.apiKey}`;
    const bytes = orderBytes(api).replace(key, `${'a:b\r\n'.repeat(2_500)}${key}`);

    expect(answersIn(await sendRaw(api.app.url, bytes))).toMatchObject([{ status: 200 }]);
  });

  it.each([
    ['too many', Array.from({ length: 20_000 }, () => 'a:b')],
    ['one that is too large', [`x-large: ${'x'.repeat(17_000)}`]],
    ['a name that is too large', [`${'x'.repeat(17_000)}: y`]],
  ])('%s get 431', async (_what, headers) => {
    const { status, json, stored } = await place(headers);

    expect([status, json.error, stored]).toEqual([431, 'the headers are too large', 0]);
  });
});

it.each([
  ['that is folded', 'x-folded: a\r\n b'],
  ['with white space before the colon', 'x-odd : a'],
  ['without a colon', 'x-odd'],
  ['without a name', ': a'],
  ['with a carriage return', 'x-odd: a\rb'],
  ['with a control character', 'x-odd: a\x01b'],
])('a header %s is not valid HTTP', async (_what, header) => {
  const { status, json, stored } = await place([header]);

  expect([status, json.error, stored]).toEqual([400, 'the request is not valid HTTP', 0]);
});

it('a request without a Host gets 400, even in absolute form', async () => {
  const bytes = orderBytes(api, {
    line: `POST http://127.0.0.1/api/v1/cases/${api.organization.caseId} HTTP/1.1`,
  }).replace('Host: 127.0.0.1\r\n', '');

  expect(answersIn(await sendRaw(api.app.url, bytes))).toMatchObject([
    { status: 400, json: { error: 'Host is required', errors: [{ path: 'host' }] } },
  ]);
});
