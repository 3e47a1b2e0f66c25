import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyWebhook } from '../../../packages/webhooks/src/index.ts';
import { caseEvent } from '../../../src/contract/case-activity.ts';
import { showBody } from '../../../src/notifications/deliveries/show-body.ts';
import {
  createEndpoint,
  startTestDeliveries,
  type TestDeliveries,
} from '../../support/deliveries.ts';
import { eventually } from '../../support/eventually.ts';
import { type ReceivedWebhook, startReceiver, type TestReceiver } from '../../support/receiver.ts';
import { createWorld, type World } from '../../support/world.ts';

// A real order, and the notifications that endpoints of each kind get about it.

const KINDS = [
  { documentFormat: 'url', payloadMode: 'event' },
  { documentFormat: 'base64', payloadMode: 'full' },
] as const;

let world: World;
let deliveries: TestDeliveries;
const receivers: { receiver: TestReceiver; secret: string }[] = [];
let orderId: string;
beforeAll(async () => {
  world = await createWorld();
  const { database } = world.db;
  for (const kind of KINDS) {
    const receiver = await startReceiver();
    const { organizationId } = world.organization;
    receivers.push({
      receiver,
      secret: (await createEndpoint(database, organizationId, receiver.url, kind)).secret,
    });
  }
  deliveries = await startTestDeliveries(world.db.asWorker, {
    documentsDir: world.worker.documentsDir,
  });
  orderId = await world.place('pharmacy-tracking');
  await world.reach(orderId, 'COMPLETED');
  await eventually('everything is delivered', async () => {
    const open = await database`
      SELECT FROM webhook_deliveries WHERE status <> 'DELIVERED'`;
    return open.length === 0;
  });
});
afterAll(async () => {
  await deliveries.stop();
  await Promise.all(receivers.map(({ receiver }) => receiver.close()));
  await world.close();
});

function eventsOf(index: number) {
  const { receiver, secret } = receivers[index] ?? { receiver: { received: [] }, secret: '' };
  return receiver.received
    .map(({ raw, headers }) => caseEvent.parse(verifyWebhook(raw, headers, secret)))
    .toSorted((a, b) => ('sequence' in a && 'sequence' in b ? a.sequence - b.sequence : 0));
}

it('delivers every event once to each endpoint, signed, numbered without a gap', async () => {
  const stored = await world.db.database`
    SELECT event FROM events WHERE order_id = ${orderId} ORDER BY sequence`;
  expect(stored.length).toBeGreaterThanOrEqual(4);
  for (const index of [0, 1]) {
    expect(eventsOf(index).map(({ event }) => event)).toEqual(stored.map(({ event }) => event));
    const ids = receivers[index]?.receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(stored.length);
  }
});

it('verifies in a handler that knows only x-cv-signature', () => {
  /** Parses the body, serializes it again and hashes the result, as the published sample does. */
  const handle = ({ raw, headers }: ReceivedWebhook, secret: string) => {
    const body = JSON.parse(raw.toString());
    const hash = createHmac('sha256', secret).update(JSON.stringify(body)).digest('hex');
    if (headers['x-cv-signature'] !== hash) throw new Error('401');
    return [body.event, body.order.id, body.payload.case.id];
  };
  for (const { receiver, secret } of receivers) {
    for (const webhook of receiver.received) {
      const [event, order, caseId] = handle(webhook, secret);
      expect(event).toMatch(/^[A-Z_]+$/);
      expect([order, caseId]).toEqual([orderId, world.organization.caseId]);
      expect(JSON.stringify(JSON.parse(webhook.raw.toString()))).toBe(webhook.raw.toString());
    }
  }
});

it('sends documents as links or in base64, as the endpoint wants them', () => {
  const attachmentsOf = (index: number) =>
    eventsOf(index).flatMap((event) =>
      event.event === 'ADD_CASE_ATTACHMENT' ? [event.payload.attachment] : [],
    );
  const [links, inline] = [attachmentsOf(0), attachmentsOf(1)];

  expect(links.length).toBeGreaterThan(0);
  expect(inline).toHaveLength(links.length);
  for (const attachment of links) {
    expect(attachment).toMatchObject({
      url: expect.stringMatching(`/documents/${attachment.id}\\?expires=\\d+&signature=`),
    });
  }
  for (const attachment of inline) {
    const { content = '', size } = attachment as { content?: string; size: number };
    const bytes = Buffer.from(content, 'base64');
    expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
    expect(bytes).toHaveLength(size);
    expect(attachment).not.toHaveProperty('url');
  }
});

it('sends the full case to the endpoint that wants it, and not to the other', () => {
  const last = eventsOf(1).at(-1);
  const lean = eventsOf(0).at(-1);
  if (last === undefined || !('order' in last)) throw new Error('the last event has no order');

  expect(last.payload.case.orders).toMatchObject([{ id: orderId, status: 'COMPLETED' }]);
  expect(last.payload.case.attachments?.length).toBeGreaterThan(0);
  expect(lean).not.toHaveProperty('payload.case.orders');
});

it('starts no workflow for a delivery whose first attempt succeeds', async () => {
  const rows = await world.db.database<{ id: string }[]>`SELECT id FROM webhook_deliveries`;
  for (const { id } of rows) expect(await deliveries.history(id)).toBeUndefined();
});

it('shows operators the body of each delivery as it was sent, without documents and links', async () => {
  const hidden = (_key: string, value: unknown) =>
    typeof value === 'object' && value !== null && 'fileName' in value
      ? { ...value, url: undefined, content: undefined }
      : value;
  for (const { receiver } of receivers) {
    for (const { raw, headers } of receiver.received) {
      const shown = await showBody(world.db.asWorker, String(headers['webhook-id']));
      expect(shown.orderId).toBe(orderId);
      expect(JSON.stringify(shown.body, hidden)).toBe(
        JSON.stringify(JSON.parse(raw.toString()), hidden),
      );
      expect(JSON.stringify(shown.body)).not.toMatch(/signature=|JVBERi/); // a link, or a PDF in base64
    }
  }
});
