import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/test-api.ts';
import { createWebhooksCall, useWebhooks, type WebhooksCall } from '../../support/use-webhooks.ts';

const ENDPOINTS = 'webhook-endpoints';

const FAULTS: readonly (readonly [fault: object, error: string])[] = [
  [{}, 'url is required'],
  [{ url: ' ' }, 'url is required'],
  [{ url: 7 }, 'url must be a string'],
  [{ events: [] }, 'events must contain at least one item'],
  [{ events: 'ORDER_CREATED' }, 'events must be an array'],
  [
    { events: ['PING'] },
    'events[0] must be one of ORDER_CREATED, ORDER_STATUS_CHANGED, ORDER_TRACKING_ADDED, ADD_CASE_ATTACHMENT, DELETE_ATTACHMENT, ENDPOINT_DISABLED',
  ],
  [{ documentFormat: 'pdf' }, 'documentFormat must be one of url, base64'],
  [{ payloadMode: 'none' }, 'payloadMode must be one of event, full'],
  [{ description: 'x'.repeat(501) }, 'description must be at most 500 characters'],
  [{ authHeader: 'x' }, 'authHeader must be an object'],
  [{ authHeader: { name: 'X-Token' } }, 'value is required'],
  [{ authHeader: { name: 'X Token', value: 'x' } }, 'name must be the name of an HTTP header'],
  ...['\r\nx', 'é', ' x', 'x '].map((value): [object, string] => [
    { authHeader: { name: 'X-Token', value } },
    'value must be printable ASCII without a space at either end',
  ]),
  ...[
    ...['Host', 'content-type', 'Content-Length', 'WEBHOOK-ID', 'x-cv-signature', 'Connection'],
    ...[
      'transfer-encoding',
      'Proxy-Authorization',
      'user-agent',
      'Accept-Encoding',
      'te',
      'Content-Encoding',
    ],
  ].map((name): [object, string] => [
    { authHeader: { name, value: 'x' } },
    'name must not be a header that we set or that is for the connection',
  ]),
];

const webhooks = useWebhooks();

describe('an endpoint', () => {
  it.each(FAULTS)('with %j gets 400', async (fault, error) => {
    const url = Object.keys(fault).length === 0 ? {} : { url: webhooks.receiver.url };
    expect(await webhooks.call('POST', ENDPOINTS, { ...url, ...fault })).toMatchObject({
      status: 400,
      json: { error },
    });
  });

  it.each([
    ['http://127.0.0.1:80/', 'port'],
    ['http://10.0.0.1:8080/', 'address'],
    ['https://clinic.example.com/', 'host'],
    ['ftp://127.0.0.1:2121/', 'scheme'],
    ['http://user:secret@127.0.0.1:8080/', 'credentials'],
    ['http://127.0.0.1:8080/#a', 'fragment'],
    ['hook', 'not_a_url'],
  ])('at %s is refused in the sandbox by the rule %s', async (url, rule) => {
    const { id } = await webhooks.create();
    const refusals = [
      await webhooks.call('POST', ENDPOINTS, { url }),
      await webhooks.call('PATCH', `${ENDPOINTS}/${id}`, { url }),
    ];
    for (const { status, json } of refusals) {
      expect(status).toBe(400);
      expect(json.errors).toEqual([{ path: 'url', message: json.error }]);
      expect(json.error).toMatch(new RegExp(`^url is refused \\(${rule}\\): `));
      expect(json.error).not.toContain('secret');
    }
    expect((await webhooks.call('GET', `${ENDPOINTS}/${id}`)).json.data.endpoint.url).toBe(
      webhooks.receiver.url,
    );
  });
});

describe('outside the sandbox', () => {
  let strict: TestApi;
  let call: WebhooksCall;
  const names: Record<string, string[]> = {
    'clinic.example.com': ['93.184.215.14'],
    'mixed.example.com': ['93.184.215.14', '10.0.0.7'],
  };
  beforeAll(async () => {
    strict = await startTestApi({
      destinations: 'public',
      lookup: async (name) => {
        if (name === 'slow.example.com') await sleep(60_000, undefined, { ref: false });
        const addresses = names[name];
        if (addresses === undefined) throw new Error('ENOTFOUND');
        return addresses.map((address) => ({ address, family: 4 }));
      },
    });
    call = await createWebhooksCall(strict);
  });
  afterAll(() => strict.close());

  it.each([
    ['http://clinic.example.com/', 'scheme'],
    ['https://clinic.example.com:8080/', 'port'],
    ['https://127.0.0.1/', 'address'],
    ['https://localhost/', 'host'],
    ['https://mixed.example.com/', 'private'],
    ['https://unknown.example.com/', 'dns'],
    ['https://slow.example.com/', 'dns'],
  ])('%s is refused by the rule %s', async (url, rule) => {
    const answer = await call('POST', ENDPOINTS, { url });
    expect(answer.status).toBe(400);
    expect(answer.json.error).toMatch(new RegExp(`^url is refused \\(${rule}\\): `));
    expect(answer.text).not.toContain('10.0.0.7');
  });

  it('a public name is accepted, and shown as it was sent', async () => {
    const url = 'https://CLINIC.example.com:8443/hook?a=1';
    const answer = await call('POST', ENDPOINTS, { url });
    expect(answer.json.data.endpoint.url).toBe(url);
  });
});
