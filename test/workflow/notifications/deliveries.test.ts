import { lookup } from 'node:dns/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { verifyWebhook } from '../../../packages/webhooks/src/index.ts';
import { secretContext } from '../../../src/notifications/endpoint-secrets.ts';
import { testEndpoint } from '../../../src/notifications/endpoints/test-endpoint.ts';
import { createSender } from '../../../src/notifications/sending/sender.ts';
import { newSecret } from '../../../src/notifications/sending/signatures.ts';
import { failureMessage } from '../../../src/temporal/data-converter.ts';
import { readDelivery } from '../../support/deliveries.ts';
import { type DeliveryRig, openDeliveryRig } from '../../support/delivery-rig.ts';
import { eventually } from '../../support/eventually.ts';
import { readable } from '../../support/readable.ts';
import { answering } from '../../support/receiver.ts';

// Deliveries by the real pool and Temporal to real receivers.

let rig: DeliveryRig;
beforeAll(async () => {
  rig = await openDeliveryRig();
});
beforeEach(() => rig.renew());
afterAll(() => rig.close());

describe('a first attempt', () => {
  it('is made immediately, signed, with the endpoint’s own header, and without a workflow', async () => {
    const id = await rig.ping();
    const done = await rig.reach(id, 'DELIVERED');

    expect(done).toMatchObject({
      attempts: 1,
      nextAttemptAt: null,
      lockedUntil: null,
      log: ['ok'],
    });
    expect(rig.receiver.received).toHaveLength(1);
    const [{ raw, headers, path } = { raw: '', headers: {}, path: '' }] = rig.receiver.received;
    expect(path).toBe('/hook');
    expect(headers).toMatchObject({
      'webhook-id': id,
      'content-type': 'application/json',
      authorization: 'Bearer of the tests',
      'user-agent': 'rx-orders-webhooks',
    });
    expect(verifyWebhook(raw, headers, rig.endpoint.secret)).toEqual({
      event: 'PING',
      payload: { endpoint: { id: rig.endpoint.id } },
    });
    expect(await rig.deliveries.history(id)).toBeUndefined();
  });

  it('carries the same headers as a test of the endpoint', async () => {
    await rig.reach(await rig.ping(), 'DELIVERED');
    const { id: endpointId, organizationId } = rig.endpoint;
    const sender = createSender({ lookup, policy: { sandbox: true } });
    onTestFinished(() => sender.close());
    await testEndpoint(rig.database, sender, { organizationId, endpointId });

    const [delivered, tested] = rig.receiver.received.map(({ headers, body }) => {
      const {
        'webhook-id': _,
        'webhook-timestamp': __,
        'webhook-signature': ___,
        ...same
      } = headers;
      return { names: Object.keys(headers), same, body };
    });
    expect(tested).toEqual(delivered);
  });

  it('is signed with both secrets during a rotation, and only with the new one afterwards', async () => {
    const [before, after] = [rig.endpoint.secret, newSecret()];
    const context = secretContext(rig.endpoint.id);
    const sealed = (secret: string) =>
      rig.database.keys.seal(rig.endpoint.organizationId, context, secret);
    const [sealedBefore, sealedAfter] = [await sealed(before), await sealed(after)];
    const rotate = (until: string) => rig.database`
      UPDATE webhook_endpoints SET secret = ${sealedAfter}, previous_secret = ${sealedBefore},
        previous_secret_until = now() + ${until}::interval WHERE id = ${rig.endpoint.id}`;
    await rotate('1 hour');
    await rig.reach(await rig.ping(), 'DELIVERED');
    await rotate('-1 second');
    await rig.reach(await rig.ping(), 'DELIVERED');

    const [during, later] = rig.receiver.received;
    if (during === undefined || later === undefined) throw new Error('two were delivered');
    for (const secret of [before, after]) verifyWebhook(during.raw, during.headers, secret);
    verifyWebhook(later.raw, later.headers, after);
    expect(() => verifyWebhook(later.raw, later.headers, before)).toThrow();
    expect(Object.keys(later.headers)).not.toContain('x-cv-signature-next');
  });
});

describe('an attempt that fails', () => {
  it('is repeated by a workflow with the same id until one attempt succeeds', async () => {
    rig.receiver.answer = (response) =>
      response.writeHead(rig.receiver.received.length < 4 ? 503 : 200).end('busy');
    const id = await rig.ping();
    const done = await rig.reach(id, 'DELIVERED');

    expect(done).toMatchObject({ attempts: 4, log: ['http_5xx', 'http_5xx', 'http_5xx', 'ok'] });
    expect(rig.received()).toEqual([id, id, id, id]);
    expect(new Set(rig.receiver.received.map(({ raw }) => raw.toString())).size).toBe(1);
    expect(await rig.deliveries.result(id)).toBe('delivered');
    expect(await rig.readEndpoint()).toMatchObject({ status: 'ENABLED', failingSince: null });
  });

  it('becomes a dead letter after the whole schedule, with a short workflow history', async () => {
    rig.receiver.answer = answering(500);
    const id = await rig.ping();
    const dead = await rig.reach(id, 'DEAD');

    expect(dead).toMatchObject({
      attempts: 10,
      nextAttemptAt: null,
      log: Array(10).fill('http_5xx'),
    });
    expect(await rig.deliveries.result(id)).toBe('dead');
    const history = await rig.deliveries.history(id);
    console.info(`a whole schedule that fails: ${history?.length} events of history`);
    expect(history?.length).toBeLessThanOrEqual(12);
  });

  it.each([
    ['redirect', answering(301, { location: 'http://127.0.0.1:1/elsewhere' })],
    ['http_4xx', answering(404)],
    ['reset', (response: { socket: { destroy(): void } | null }) => response.socket?.destroy()],
    ['timeout', () => undefined],
  ])('is logged as %s', async (errorClass, answer) => {
    rig.receiver.answer = answer;
    const id = await rig.ping();
    await eventually('one has failed', async () => {
      return (await readDelivery(rig.database, id)).log?.[0] === errorClass;
    });
    rig.receiver.answer = answering(200);
    await rig.reach(id, 'DELIVERED');
  });

  it('is repeated no sooner than Retry-After says', async () => {
    const times: number[] = [];
    rig.receiver.answer = (response) => {
      times.push(Date.now());
      if (times.length === 1) response.writeHead(429, { 'retry-after': '2' }).end();
      else response.end();
    };
    await rig.reach(await rig.ping(), 'DELIVERED');

    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1_900);
  });

  it('shows operators the outcome and the next time, and nothing of the body or the URL', async () => {
    await rig.stopped(async () => {}, { retryScheduleMs: [50, 60_000] });
    rig.receiver.answer = answering(502);
    const id = await rig.ping();
    const handle = rig.deliveries.client.workflow.getHandle(`webhook-delivery-${id}`);
    const failure = await eventually('it waits for its third attempt', async () => {
      const { raw } = await handle.describe().catch(() => ({ raw: undefined }));
      const last = raw?.pendingActivities?.[0]?.lastFailure;
      const { loadedDataConverter } = rig.deliveries.client.options;
      const shown = last ? await failureMessage(loadedDataConverter, last) : '';
      return shown.includes('attempt 2') && { shown, last };
    });
    await rig.stopped(async () => {});

    expect(failure.shown).toMatch(
      /^http_5xx 502, attempt 2 of 3, next at \d{4}-\d\d-\d\dT[\d:.]+Z$/,
    );
    expect(await readable(failure.last)).not.toMatch(/127\.0\.0\.1|an answer|PING/);
  });
});
