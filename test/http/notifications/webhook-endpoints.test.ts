import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createOrganization } from '../../support/organization.ts';
import { answering } from '../../support/receiver.ts';
import { createWebhooksCall, useWebhooks } from '../../support/use-webhooks.ts';

const ENDPOINTS = 'webhook-endpoints';
const HEADER_VALUE = 'Bearer value-of-the-header';

const webhooks = useWebhooks();

describe('an endpoint', () => {
  it('is created as requested, and its secret is shown once', async () => {
    const answer = await webhooks.call('POST', ENDPOINTS, {
      url: webhooks.receiver.url,
      events: ['ORDER_CREATED', 'ADD_CASE_ATTACHMENT', 'ORDER_CREATED'],
      description: 'Order desk',
      documentFormat: 'base64',
      payloadMode: 'full',
      authHeader: { name: 'Authorization', value: HEADER_VALUE },
    });
    const { endpoint } = answer.json.data;

    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/api/v1/webhook-endpoints/${endpoint.id}`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(endpoint).toEqual({
      id: expect.any(String),
      url: webhooks.receiver.url,
      events: ['ORDER_CREATED', 'ADD_CASE_ATTACHMENT'],
      description: 'Order desk',
      documentFormat: 'base64',
      payloadMode: 'full',
      authHeader: { name: 'Authorization' },
      status: 'ENABLED',
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    });
    const { secret, ...shown } = endpoint;
    expect((await webhooks.call('GET', `${ENDPOINTS}/${endpoint.id}`)).json.data).toEqual({
      endpoint: shown,
    });
  });

  it('gets every event, with links, by default', async () => {
    expect(await webhooks.create({ events: null, unknown: 1 })).toMatchObject({
      events: null,
      documentFormat: 'url',
      payloadMode: 'event',
    });
  });

  it('never shows its secrets again, and writes none to the log', async () => {
    const { id, secret } = await webhooks.create({
      authHeader: { name: 'X-Token', value: HEADER_VALUE },
    });
    const rotated = await webhooks.call('POST', `${ENDPOINTS}/${id}/rotate-secret`);
    const next = rotated.json.data.endpoint.secret;
    webhooks.receiver.answer = answering(500);

    const answers = [
      await webhooks.call('GET', `${ENDPOINTS}/${id}`),
      await webhooks.call('GET', ENDPOINTS),
      await webhooks.call('PATCH', `${ENDPOINTS}/${id}`, { description: 'again' }),
      await webhooks.call('POST', `${ENDPOINTS}/${id}/test`),
      await webhooks.call('GET', 'webhook-deliveries'),
      await webhooks.call('DELETE', `${ENDPOINTS}/${id}`),
    ];
    const seen =
      answers.map(({ text }) => text).join() + JSON.stringify(webhooks.api.app.log.lines);
    for (const hidden of [secret, next, HEADER_VALUE]) expect(seen).not.toContain(hidden);
    expect(rotated.text).not.toContain(secret);
  });

  it('is one of at most 20, even with concurrent requests', async () => {
    const answers = await Promise.all(
      Array.from({ length: 25 }, () =>
        webhooks.call('POST', ENDPOINTS, { url: webhooks.receiver.url }),
      ),
    );
    const refused = answers.filter(({ status }) => status !== 201);

    expect(refused.map(({ status, json }) => [status, json.code])).toEqual(
      refused.map(() => [409, 'TOO_MANY_ENDPOINTS']),
    );
    expect(refused).toHaveLength(5);
  });

  it('is listed, newest first, page by page', async () => {
    const ids = [];
    for (let index = 0; index < 5; index++) ids.unshift((await webhooks.create()).id);

    const listed: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 3; pages++) {
      const { data } = (await webhooks.call('GET', `${ENDPOINTS}?limit=2${cursor}`)).json;
      listed.push(...data.endpoints.map(({ id }: { id: string }) => id));
      cursor = `&cursor=${data.nextCursor}`;
    }
    expect(listed).toEqual(ids);
    expect(cursor).toBe('&cursor=null');
    expect(await webhooks.call('GET', `${ENDPOINTS}?cursor=x`)).toMatchObject({
      status: 400,
      json: { error: 'cursor must be a nextCursor of this list' },
    });
  });

  it('changes only in the named fields, and null resets a field', async () => {
    const {
      id,
      secret: _,
      ...before
    } = await webhooks.create({
      events: ['ORDER_CREATED'],
      description: 'Order desk',
      authHeader: { name: 'X-Token', value: HEADER_VALUE },
    });
    const path = `${ENDPOINTS}/${id}`;
    const full = (await webhooks.call('PATCH', path, { payloadMode: 'full', url: null })).json.data
      .endpoint;
    expect(full).toEqual({ id, ...before, payloadMode: 'full', updatedAt: full.updatedAt });

    const nothing = await webhooks.call('PATCH', path, {});
    expect(nothing.json.data.endpoint).toMatchObject({
      ...before,
      payloadMode: 'full',
      updatedAt: expect.any(String),
    });

    const plain = { events: null, description: null, authHeader: null };
    const { endpoint } = (await webhooks.call('PATCH', path, plain)).json.data;
    expect(endpoint.events).toBeNull();
    expect(endpoint).not.toHaveProperty('description');
    expect(endpoint).not.toHaveProperty('authHeader');
    expect(await webhooks.call('PATCH', path, { status: 'PAUSED' })).toMatchObject({
      status: 400,
      json: { error: 'status must be one of ENABLED, DISABLED' },
    });
  });
  it('of another organization looks unknown, and does not change', async () => {
    const { id } = await webhooks.create();
    const { organizationId } = await createOrganization(webhooks.api.database);
    const foreign = await createWebhooksCall(webhooks.api, organizationId);
    for (const unknown of [id, randomUUID(), 'x', '%00']) {
      const path = `${ENDPOINTS}/${unknown}`;
      const answers = [
        await foreign('GET', path),
        await foreign('PATCH', path, { status: 'DISABLED' }),
        await foreign('DELETE', path),
        await foreign('POST', `${path}/rotate-secret`),
        await foreign('POST', `${path}/test`),
      ];
      for (const { text } of answers) {
        expect(text).toBe(
          '{"status":404,"success":false,"message":"Not found","error":"endpoint not found"}',
        );
      }
    }
    expect((await foreign('GET', ENDPOINTS)).json.data).toEqual({
      endpoints: [],
      nextCursor: null,
    });
    expect((await webhooks.call('GET', `${ENDPOINTS}/${id}`)).json.data.endpoint.status).toBe(
      'ENABLED',
    );
    expect(webhooks.receiver.received).toEqual([]);
  });
});
