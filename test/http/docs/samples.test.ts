import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiDocument, entriesOf } from '../../../src/http/docs/api-document.ts';
import {
  type Language,
  type SampleRequest,
  samplesOf,
} from '../../../src/http/docs/assets/samples.js';
import { exampleRequest } from '../../../src/http/docs/try-form.tsx';
import { LANGUAGES_HERE, PROGRAM_LIMIT_MS, runProgram } from '../../support/docs-programs.ts';
import { DOCUMENT } from '../../support/documented.ts';
import { createKey } from '../../support/organization.ts';
import { startTestApi, type TestApi } from '../../support/test-api.ts';
import { isSameBody, joined, TYPED } from '../../support/typed-texts.ts';

// The programs of the documentation, run as a reader would run them.

let api: TestApi;
let apiKey = '';
/** A server that notes what it gets. */
let noting: Server;
let base = '';
let got: { readonly url: string | undefined; readonly key: unknown; readonly body: string }[];
beforeAll(async () => {
  noting = createServer((request, response) => {
    void buffer(request).then((body) => {
      got.push({ url: request.url, key: request.headers['cv-api-key'], body: String(body) });
      response.end();
    });
  });
  noting.listen(0, '127.0.0.1');
  await once(noting, 'listening');
  base = `http://127.0.0.1:${(noting.address() as AddressInfo).port}`;
  api = await startTestApi();
  const scopes = ['orders:write', 'orders:read', 'cases:write', 'webhooks:manage'];
  apiKey = await createKey(api.database, api.organization.organizationId, { scopes });
});
afterAll(async () => {
  noting.close();
  await api.close();
});

/** The status and the body that a sample printed. */
async function send(language: Language, request: SampleRequest) {
  const printed = await runProgram(language, samplesOf(request)[language]);
  const [, status, body] =
    language === 'curl'
      ? (/^HTTP\/1\.1 (\d+).*?\r\n\r\n(.*)$/s.exec(printed) ?? [])
      : (/^(\d+)\n(.*?)\n?$/s.exec(printed) ?? []);
  return { status: Number(status), body: body ?? printed };
}

/** The example of an operation, for the test's server. */
function exampleOf(operationId: string): SampleRequest {
  const document = DOCUMENT as unknown as ApiDocument;
  const entry = entriesOf(document).find(({ operation }) => operation.operationId === operationId);
  if (entry === undefined) throw new Error(`no operation ${operationId}`);
  const { url, headers, ...rest } = exampleRequest(document, entry);
  return {
    ...rest,
    url: url
      .replace('https://orders.example.com', api.app.url)
      .replace(/(?<=\/cases\/)[^/]+/, api.organization.caseId),
    headers: headers.map(([name, value]) => [name, name === 'cv-api-key' ? apiKey : value]),
  };
}

describe.each(LANGUAGES_HERE)('a sample in %s', (language) => {
  it('places the published order, and gets the 409 when it runs again', {
    timeout: PROGRAM_LIMIT_MS,
  }, async () => {
    const example = exampleOf('caseAction');
    const body = (example.body ?? '').replace('unique-order-key-123', `key-of-${language}`);

    const first = await send(language, { ...example, body });
    expect(first).toMatchObject({ status: 200 });
    const { order } = JSON.parse(first.body).data;
    const stored = await api.get(`/api/v1/cases/${api.organization.caseId}/orders/${order.id}`);
    expect(stored.json.data.order.idempotencyKey).toBe(`key-of-${language}`);
    expect(await send(language, { ...example, body })).toMatchObject({ status: 409 });
  });

  it('sends whatever the reader types, and runs none of it', {
    timeout: PROGRAM_LIMIT_MS,
  }, async () => {
    got = [];
    const programs = TYPED.map(
      ({ url, key, body }) =>
        samplesOf({
          method: 'POST',
          url: base + url,
          headers: [
            ['cv-api-key', key],
            ['content-type', 'application/json'],
          ],
          body,
        })[language],
    );

    await runProgram(language, joined(language, programs));

    expect(got.map(({ url, key }) => [url, key])).toEqual(TYPED.map(({ url, key }) => [url, key]));
    const changed = TYPED.filter(({ body }, index) => !isSameBody(body, got[index]?.body));
    expect(changed).toEqual([]);
  });

  it('reads a list', { timeout: PROGRAM_LIMIT_MS }, async () => {
    const example = exampleOf('listOrders');

    const answer = await send(language, {
      ...example,
      url: `${example.url}?limit=1&status=ACCEPTED`,
    });
    expect(answer).toMatchObject({ status: 200 });
    expect(JSON.parse(answer.body).success).toBe(true);
  });

  it('verifies a webhook, and refuses a changed and an old one', {
    timeout: PROGRAM_LIMIT_MS,
  }, async () => {
    const page = (await api.send('GET', '/docs/webhooks')).text;
    const [, escaped = ''] =
      new RegExp(`data-language="${language}">.*?<code>(.*?)</code>`, 's').exec(page) ?? [];
    const text = escaped.replaceAll('&lt;', '<').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
    const key = randomBytes(32);
    const env = { WEBHOOK_SECRET: `whsec_${key.toString('base64')}` };
    const body = '{"event":"PING","payload":{"name":"Ö"}}';
    const signed = (timestamp: number) => [
      'msg_1',
      String(timestamp),
      `v1,AAAA v1,${createHmac('sha256', key).update(`msg_1.${timestamp}.${body}`).digest('base64')}`,
    ];
    const now = Math.floor(Date.now() / 1_000);

    const run = (args: string[], input: string) => runProgram(language, text, { args, input, env });
    expect(await run(signed(now), body)).toBe('genuine\n');
    await expect(run(signed(now), `${body} `)).rejects.toThrow();
    await expect(run(signed(now - 400), body)).rejects.toThrow();
  });
});
