import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import type { Stack } from '../../sandbox/stack.ts';
import type { CliResult } from '../../test/support/cli.ts';
import type { Canary } from './canary.ts';
import type { Clinic } from './clinic.ts';

/** What a path works with. */
export interface Walk {
  readonly stack: Pick<Stack, 'baseUrl' | 'simulatorUrl' | 'kill'>;
  readonly clinic: Clinic;
  /** This path's own. */
  readonly canary: Canary;
  /** Runs `rx` on the stack; its output is kept and searched. */
  rx(args: readonly string[], stdin?: string): Promise<CliResult>;
  /** Tells the simulator's control API. */
  control(route: string, body?: object): Promise<unknown>;
  /** Keeps a document's bytes: they must not stand in clear either. */
  keepDocument(bytes: Buffer): void;
}

/** What is done with an order's data, one way through the system each. */
export const PATHS = {
  /** Two documents, tracking, and the organization told of it all. */
  async completed(walk) {
    const { canary, clinic } = walk;
    await walk.control('pharmacies/pharmacy-tracking', {
      labelName: `${canary.mark('document.name')}.pdf`,
    });
    const orderId = await clinic.place(canary, 'pharmacy-tracking');
    await clinic.reaches(canary, orderId, 'COMPLETED');
    for (const bytes of await clinic.documents(canary, orderId)) walk.keepDocument(bytes);
    const detail = `/api/v1/customer-case-detail?caseId=${canary.caseId}&includeOrders=true`;
    await clinic.send('GET', `${detail}&includeAttachments=true&documentFormat=base64`);
    // The same again, and another order under its key: 409.
    const path = `/api/v1/cases/${canary.caseId}`;
    const { idempotencyKey } = canary;
    for (const pharmacyId of ['pharmacy-tracking', 'pharmacy-slow']) {
      const order = canary.order(pharmacyId);
      await clinic.send('POST', path, { action: 'PLACE_ORDER', idempotencyKey, order });
    }
  },
  /** Rejected by a pharmacy whose reason is about the patient. */
  async rejected(walk) {
    const { canary, clinic } = walk;
    const orderId = await clinic.place(canary, 'pharmacy-manual');
    await clinic.reaches(canary, orderId, 'AWAITING_COMPLETION');
    const reason = canary.mark('pharmacy.reason');
    await walk.control(`orders/${orderId}/advance`, { to: 'rejected', reason });
    await clinic.reaches(canary, orderId, 'REJECTED');
  },
  /** Requests that are no orders, with markers wherever a caller can put one. */
  async invalid({ canary, clinic }) {
    const path = `/api/v1/cases/${canary.caseId}`;
    await clinic.putCase(canary);
    const mark = canary.mark('request.body');
    const order = canary.order('pharmacy-123');
    const bodies = [
      { action: 'PLACE_ORDER', order: { ...order, dateWritten: mark, [mark]: mark } },
      { action: 'PLACE_ORDER', order: { prescriber: { ...order.prescriber, email: mark } } },
      { action: 'VALIDATE_ORDER', order: { ...order, pharmacyId: mark } },
      { action: 'VALIDATE_ORDER', order: { ...order, diagnosis: [canary.patient] } },
      { action: mark, order },
      { action: 'CANCEL_ORDER', orderId: mark, reason: mark },
      [order],
      `{"order":"${mark}`,
      JSON.stringify({ order }).slice(0, -9),
      JSON.stringify({ order, padding: mark.repeat(80_000) }),
    ];
    for (const body of bodies) await clinic.send('POST', path, body);
    await clinic.send('PUT', path, { patient: { ...canary.patient, email: mark, [mark]: mark } });
    const types = { 'content-type': `text/${canary.mark('request.content-type')}` };
    await clinic.send('POST', path, { order }, types);
    const url = canary.mark('request.url');
    await clinic.send('GET', `${path}?patient=${url}`);
    await clinic.send('GET', `/${url}/${url}`);
    await clinic.send('GET', `${path}/orders/${url}/documents/${url}`);
  },
  /** Refused at once, in words that repeat the order. */
  async refused({ canary, clinic }) {
    const orderId = await clinic.place(canary, 'canary-refusing');
    await clinic.reaches(canary, orderId, 'REJECTED');
  },
  /** A pharmacy that fails and repeats the order; then a person asks for its cancellation. */
  async failing(walk) {
    const { canary, clinic } = walk;
    const orderId = await clinic.place(canary, 'canary-failing');
    await clinic.reaches(canary, orderId, 'NEEDS_ATTENTION');
    const reason = canary.mark('rx order cancel --reason');
    await must(walk.rx(['order', 'cancel', orderId, '--reason', reason]));
  },
  /** A document that never matches its hash; then a person sends the order on again. */
  async corrupt(walk) {
    const { canary, clinic } = walk;
    const orderId = await clinic.place(canary, 'pharmacy-corrupt');
    await clinic.reaches(canary, orderId, 'NEEDS_ATTENTION');
    const reason = canary.mark('rx order retry --reason');
    await must(walk.rx(['order', 'retry', orderId, '--reason', reason]));
  },
  /** Cancelled by the organization. */
  async cancelled({ canary, clinic }) {
    const orderId = await clinic.place(canary, 'pharmacy-manual');
    await clinic.reaches(canary, orderId, 'AWAITING_COMPLETION');
    await clinic.cancel(canary, orderId, canary.mark('cancel.reason'));
    await clinic.reaches(canary, orderId, 'CANCELLED');
  },
  /** Never completed by a pharmacy whose every answer repeats the order. */
  async expired({ canary, clinic }) {
    const orderId = await clinic.place(canary, 'canary-silent');
    await clinic.reaches(canary, orderId, 'EXPIRED');
  },
  /** Cases from a file, and a file that is at fault. */
  async imported(walk) {
    const { canary } = walk;
    const { patient, caseId: id } = canary;
    const org = ['--org', '0198a000-0000-7000-8000-000000000001'];
    const line = JSON.stringify({ id, patient });
    await must(walk.rx(['case', 'import', '-', ...org], `${line}\n`));
    const mark = canary.mark('case file');
    const faults = [
      JSON.stringify({ id, patient: { ...patient, email: mark, [mark]: mark } }),
      `{"id":"${mark}`,
      line,
    ].join('\n');
    const { code } = await walk.rx(['case', 'import', '-', ...org], faults);
    if (code !== 2) throw new Error(`a file at fault ended rx with ${code}`);
  },
  /** Callers who are nobody, and webhooks in a pharmacy's name and of its own. */
  async forged(walk) {
    const { canary, clinic } = walk;
    const orderId = await clinic.place(canary, 'pharmacy-manual');
    await clinic.reaches(canary, orderId, 'AWAITING_COMPLETION');
    const key = canary.mark('request.cv-api-key');
    const order = canary.order('pharmacy-123');
    const path = `/api/v1/cases/${canary.caseId}`;
    await clinic.send('POST', path, { action: 'PLACE_ORDER', order }, { 'cv-api-key': key });
    const words = canary.mark('webhook.body');
    const shipment = {
      trackingId: canary.mark('webhook.trackingId'),
      carrier: canary.mark('webhook.carrier'),
      trackingUrl: `https://parcel.example.com/${canary.mark('webhook.trackingUrl')}`,
    };
    const data = { reference: orderId, ...shipment, status: words, patient: canary.patient, order };
    const body = JSON.stringify({ type: 'order.tracking_added', data });
    const { pharmacies } = (await walk.control('pharmacies')) as {
      pharmacies: { id: string; webhookSecret: string }[];
    };
    const secret = pharmacies.find(({ id }) => id === 'pharmacy-manual')?.webhookSecret ?? '';
    const at = new Date();
    const headers = {
      'webhook-id': 'msg_canary',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    };
    const send = (text: string, signature: string) =>
      clinic.send('POST', '/webhooks/pharmacies/pharmacy-manual', text, {
        ...headers,
        'webhook-signature': signature,
      });
    await send(body, `v1,${words}`);
    const unread = JSON.stringify({ type: words, data });
    for (const text of [unread, words]) {
      await send(text, new Webhook(secret).sign(headers['webhook-id'], at, text));
    }
    headers['webhook-id'] = 'msg_canary_2';
    const told = await send(body, new Webhook(secret).sign(headers['webhook-id'], at, body));
    if (told.status !== 202) throw new Error(`a pharmacy's webhook was answered ${told.status}`);
  },
  /** Completed, and erased by a person; its documents and workflow go. */
  async erased(walk) {
    const { canary, clinic } = walk;
    const orderId = await clinic.place(canary, 'pharmacy-123');
    await clinic.reaches(canary, orderId, 'COMPLETED');
    for (const bytes of await clinic.documents(canary, orderId)) walk.keepDocument(bytes);
    await must(walk.rx(['order', 'erase', orderId, '--by', 'anna', '--wait', '60s']));
  },
  /** Server and worker crash in the middle of it, in the way that leaves a core where that is let. */
  async crashed({ canary, clinic, stack }) {
    const orderId = await clinic.place(canary, 'pharmacy-123');
    for (const part of ['server', 'worker'] as const) stack.kill(part, 'SIGABRT');
    await clinic.reaches(canary, orderId, 'COMPLETED');
  },
  /** The worker dies in the middle of it. */
  async killed({ canary, clinic, stack }) {
    const orderId = await clinic.place(canary, 'pharmacy-123');
    stack.kill('worker', 'SIGKILL');
    await clinic.reaches(canary, orderId, 'COMPLETED');
  },
  /** Every part is killed, twice, while orders are on their way. The last: it wears the stack out. */
  async chaos({ canary, clinic, stack }) {
    const orders = [];
    for (const pharmacyId of ['pharmacy-flaky', 'pharmacy-lost-reply', 'pharmacy-tracking']) {
      const key = canary.mark('idempotencyKey');
      orders.push(await clinic.place(canary, pharmacyId, key));
    }
    for (let round = 0; round < 2; round += 1) {
      for (const part of ['worker', 'postgres', 'server', 'temporal'] as const) {
        stack.kill(part, 'SIGKILL');
        await sleep(700);
      }
    }
    for (const orderId of orders) await clinic.reaches(canary, orderId, 'COMPLETED');
  },
} satisfies Record<string, (walk: Walk) => Promise<void>>;

/** The name of a path. */
export type PathName = keyof typeof PATHS;

async function must(command: Promise<CliResult>): Promise<void> {
  const { code, stderr } = await command;
  if (code !== 0) throw new Error(`rx ended with ${code}: ${stderr}`);
}
