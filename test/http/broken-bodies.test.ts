import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, exampleWithoutKey, startTestApi, type TestApi } from '../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

function expectError(answer: Answer, status: number, error: string): void {
  expect(answer.json).toMatchObject({ status, success: false, error });
  expect(answer.status).toBe(status);
}

/** Nests `levels` objects in one another. */
function nested(levels: number): string {
  return '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
}

describe('a body', () => {
  it.each([
    ['that is truncated', '{"action":"PLACE_ORDER",'],
    ['that is not JSON', 'action=PLACE_ORDER'],
    ['with a trailing comma', '{"action":"PLACE_ORDER",}'],
    ['of NULs', '\0\0\0\0'],
  ])('%s gets 400', async (_what, body) => {
    const answer = await api.place(body);

    expectError(answer, 400, 'body must be valid JSON');
    expect(answer.json).toMatchObject({
      message: 'Invalid request',
      errors: [{ path: 'body', message: 'body must be valid JSON' }],
    });
  });

  it('that is not UTF-8 gets 400, because its texts could not be stored unchanged', async () => {
    const body = exampleWithoutKey();
    const text = JSON.stringify({ ...body, order: { ...body.order, diagnosis: 'caf\xe9' } });

    expectError(await api.place(Buffer.from(text, 'latin1')), 400, 'body must be UTF-8 text');
    expect((await api.place(Buffer.from(text, 'utf8'))).status).toBe(200);
  });

  it.each(['', '[]', '"text"', '7', 'null', 'true', `[${JSON.stringify(exampleWithoutKey())}]`])(
    'that is %j gets 400',
    async (body) => {
      const answer = await api.place(body);

      expectError(answer, 400, 'body must be a JSON object');
      expect(answer.json.errors).toEqual([{ path: 'body', message: 'body must be a JSON object' }]);
    },
  );

  it.each([
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'json',
    'application/jsonp',
    'application/json-patch+json',
    ' ',
  ])('of type %j gets 415', async (contentType) => {
    const answer = await api.place(exampleWithoutKey(), {
      headers: { 'content-type': contentType },
    });

    expectError(answer, 415, 'Content-Type must be application/json');
  });

  it('without a type gets 415', async () => {
    const answer = await api.send('POST', `/api/v1/cases/${api.organization.caseId}`, {
      headers: { 'cv-api-key': api.organization.apiKey },
      body: Buffer.from(JSON.stringify(exampleWithoutKey())),
    });

    expectError(answer, 415, 'Content-Type must be application/json');
  });

  it('one byte over 1 MiB gets 413', async () => {
    const answer = await api.place(`{"fill":"${'x'.repeat(1024 * 1024 - 10)}"}`);

    expectError(answer, 413, 'body must not be larger than 1 MiB');
  });

  it('one byte over 1 MiB in chunks gets 413', async () => {
    const chunks = [Buffer.alloc(1024 * 1024, 0x20), Buffer.from(' ')];
    const response = await fetch(`${api.app.url}/api/v1/cases/${api.organization.caseId}`, {
      method: 'POST',
      headers: { 'cv-api-key': api.organization.apiKey, 'content-type': 'application/json' },
      body: ReadableStream.from(chunks),
      duplex: 'half',
    });

    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ status: 413, success: false });
  });

  it.each([
    ['empty arrays', '[]'],
    ['empty objects', '{}'],
    ['numbers', '0'],
    ['keys', '{"a":0}'],
    ['empty texts', '""'],
  ])('with a megabyte of %s gets 400 before anything walks it', async (_what, piece) => {
    const fill = Array(Math.floor(1_000_000 / (piece.length + 1)))
      .fill(piece)
      .join();
    for (const body of [`{"x":[${fill}]}`, `{"order":{"x":{"y":[${fill}]}}}`]) {
      const answer = await api.place(body);

      expectError(answer, 400, 'body must not contain more than 20000 values and keys');
      expect(answer.json.errors).toEqual([{ path: 'body', message: answer.json.error }]);
    }
  });

  it.each([
    ['PUT', '/api/v1/cases/a'],
    ['POST', '/api/v1/webhook-endpoints'],
    ['PATCH', '/api/v1/webhook-endpoints/a'],
  ])('of %s %s is limited in the same way', async (method, path) => {
    const headers = { 'cv-api-key': api.organization.apiKey, 'content-type': 'application/json' };
    const send = (body: string) => api.send(method, path, { headers, body });

    expectError(await send(nested(65)), 400, 'body must not be nested deeper than 64 levels');
    expectError(
      await send(`[${Array(20_000).fill('0').join()}]`),
      400,
      'body must not contain more than 20000 values and keys',
    );
  });

  it.each([65, 1_000, 150_000])('nested %d levels deep gets 400', async (levels) => {
    const answer = await api.place(nested(levels));

    expectError(answer, 400, 'body must not be nested deeper than 64 levels');
    expect(answer.json.errors).toHaveLength(1);
  });

  it('with nested customFields gets 200 up to the limit and 400 beyond it', async () => {
    const withFields = (levels: number) => {
      const body = exampleWithoutKey();
      const prescriptionItems = [{ ...body.order.prescriptionItems[0], customFields: 'HERE' }];
      return JSON.stringify({ ...body, order: { ...body.order, prescriptionItems } }).replace(
        '"HERE"',
        nested(levels),
      );
    };

    expect((await api.place(withFields(60))).status).toBe(200);
    expect((await api.place(withFields(61))).status).toBe(400);
  });

  it('cannot supply a field through the key __proto__', async () => {
    const body = exampleWithoutKey();
    const { diagnosis: _, ...order } = body.order;
    const text = JSON.stringify({ ...body, order: { ...order, HERE: 1 } }).replace(
      '"HERE":1',
      '"__proto__":{"diagnosis":"Hypertension"},"constructor":{"prototype":{"diagnosis":"x"}}',
    );

    expectError(await api.place(text), 400, 'diagnosis is required');
  });

  it('with unknown __proto__ keys gets 200', async () => {
    const text = JSON.stringify(exampleWithoutKey()).replace(
      '{"action"',
      '{"__proto__":{"polluted":true},"action"',
    );

    expect((await api.place(text)).status).toBe(200);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('with a byte order mark gets 200', async () => {
    expect((await api.place(`\ufeff${JSON.stringify(exampleWithoutKey())}`)).status).toBe(200);
  });

  it('with ten thousand invalid items gets a small 400', async () => {
    const body = exampleWithoutKey();
    const prescriptionItems = Array.from({ length: 10_000 }, () => ({}));
    const answer = await api.place({ ...body, order: { ...body.order, prescriptionItems } });

    expectError(answer, 400, 'prescriptionItems must contain at most 500 items');
    expect(answer.text.length).toBeLessThan(1024 * 1024);
  });
});
