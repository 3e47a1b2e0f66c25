import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import type { Stack } from '../../sandbox/stack.ts';
import type { CliResult } from '../../test/support/cli.ts';
import type { Canary } from './canary.ts';
import type { Clinic } from './clinic.ts';
import { openConsole } from './console-session.ts';

/** The tools of a path. */
export interface Walk {
  readonly stack: Pick<Stack, 'baseUrl' | 'consoleUrl' | 'simulatorUrl' | 'kill'>;
  readonly clinic: Clinic;
  /** The canary of this path alone. */
  readonly canary: Canary;
  /** Runs `rx` on the stack. The run keeps its output and searches it. */
  rx(args: readonly string[], stdin?: string): Promise<CliResult>;
  /** Sends a request to the simulator's control API. */
  control(route: string, body?: object): Promise<unknown>;
  /** Aborts requests. */
  readonly signal: AbortSignal;
  /** Adds a document's bytes to the search: they must not be stored in clear text either. */
  keepDocument(bytes: Buffer): void;
}

/** The paths: each is one way of an order's data through the system. */
export const PATHS = {
  /** Completes with two documents and tracking, and notifies the organization of each event. */
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
    const email = encodeURIComponent(canary.patient.email ?? '');
    await clinic.send('GET', `/api/v1/customer-case-detail?email=${email}`);
    // The same request again, and another order under its key: 409 for both.
    const path = `/api/v1/cases/${canary.caseId}`;
    const { idempotencyKey } = canary;
    for (const pharmacyId of ['pharmacy-tracking', 'pharmacy-slow']) {
      const order = canary.order(pharmacyId);
      await clinic.send('POST', path, { action: 'PLACE_ORDER', idempotencyKey, order });
    }
  },
  /** A pharmacy rejects the order with a reason about the patient. */
  async rejected(walk) {
    const { canary, clinic } = walk;
    const orderId = await clinic.place(canary, 'pharmacy-manual');
    await clinic.reaches(canary, orderId, 'AWAITING_COMPLETION');
    const reason = canary.mark('pharmacy.reason');
    await walk.control(`orders/${orderId}/advance`, { to: 'rejected', reason });
    await clinic.reaches(canary, orderId, 'REJECTED');
  },
  /** Invalid requests, with a marker wherever a caller can put one. */
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
  /** A pharmacy refuses the order at once, in a message that repeats the order. */
  async refused({ canary, clinic }) {
    const orderId = await clinic.place(canary, 'canary-refusing');
    await clinic.reaches(canary, orderId, 'REJECTED');
  },
  /** A pharmacy fails and repeats the order in its answers. Then an operator cancels the order. */
  async failing(walk) {
    const { canary, clinic } = walk;
    const orderId = await clinic.place(canary, 'canary-failing');
    await clinic.reaches(canary, orderId, 'NEEDS_ATTENTION');
    const reason = canary.mark('rx order cancel --reason');
    await must(walk.rx(['order', 'cancel', orderId, '--reason', reason]));
  },
  /** A document never matches its hash. Then an operator retries the order. */
  async corrupt(walk) {
    const { canary, clinic } = walk;
    const orderId = await clinic.place(canary, 'pharmacy-corrupt');
    await clinic.reaches(canary, orderId, 'NEEDS_ATTENTION');
    const reason = canary.mark('rx order retry --reason');
    await must(walk.rx(['order', 'retry', orderId, '--reason', reason]));
  },
  /** The organization cancels the order. */
  async cancelled({ canary, clinic }) {
    const orderId = await clinic.place(canary, 'pharmacy-manual');
    await clinic.reaches(canary, orderId, 'AWAITING_COMPLETION');
    await clinic.cancel(canary, orderId, canary.mark('cancel.reason'));
    await clinic.reaches(canary, orderId, 'CANCELLED');
  },
  /** A pharmacy never completes the order and repeats it in every answer. */
  async expired({ canary, clinic }) {
    const orderId = await clinic.place(canary, 'canary-silent');
    await clinic.reaches(canary, orderId, 'EXPIRED');
  },
  /** An operator imports cases from a file, and from an invalid file. */
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
    if (code !== 2) throw new Error(`rx ended with ${code} for an invalid file`);
  },
  /** Requests without a valid key, forged webhooks of a pharmacy, and genuine ones. */
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
    const answer = await send(body, new Webhook(secret).sign(headers['webhook-id'], at, body));
    if (answer.status !== 202) throw new Error(`a pharmacy's webhook got ${answer.status}`);
  },
  /** An operator looks at an order in the console, with all patient data, searches for it, and retries another. */
  async console(walk) {
    const { canary, clinic } = walk;
    const orderId = await clinic.place(canary, 'pharmacy-tracking');
    await clinic.reaches(canary, orderId, 'COMPLETED');
    const failedId = await clinic.place(canary, 'pharmacy-corrupt', canary.mark('idempotencyKey'));
    await clinic.reaches(canary, failedId, 'NEEDS_ATTENTION');
    const link = await must(walk.rx(['console', 'login', '--as', 'anna', '--json']));
    const { url } = JSON.parse(link.stdout) as { url: string };
    const org = '0198a000-0000-7000-8000-000000000001';
    await must(walk.rx(['org', 'update', org, '--access-reasons', 'on']));
    const session = await openConsole(walk.stack.consoleUrl, url, walk.signal);
    await session.open(`/orders/${orderId}`);
    const why = canary.mark('console access reason');
    const shown = await session.submit(`/orders/${orderId}/shown`, { reason: why });
    if (!shown.includes(canary.patient.lastName ?? '')) throw new Error('the patient is not shown');
    const document = /src="(\/orders\/[^"]+\/documents\/[^"]+)"/.exec(shown)?.[1] ?? '';
    await session.open(document);
    const { idempotencyKey: text } = canary;
    await session.submit('/orders', { text });
    await session.submit('/orders', { text: canary.mark('console search') });
    await session.submit('/audit', { case: canary.mark('console audit') });
    const queue = await session.open('/attention');
    const order = new RegExp(`${failedId} [^"]+`).exec(queue)?.[0] ?? '';
    const reason = canary.mark('console reason');
    await session.submit('/repairs', { order, reason, action: 'retry' });
    for (const page of ['/', '/orders', '/messages', '/pharmacies', '/endpoints', '/audit']) {
      await session.open(page);
    }
  },
  /** Completes, and an operator erases the order with its documents and workflow. */
  async erased(walk) {
    const { canary, clinic } = walk;
    const orderId = await clinic.place(canary, 'pharmacy-123');
    await clinic.reaches(canary, orderId, 'COMPLETED');
    for (const bytes of await clinic.documents(canary, orderId)) walk.keepDocument(bytes);
    await must(walk.rx(['order', 'erase', orderId, '--by', 'anna', '--wait', '60s']));
  },
  /** Server and worker crash with SIGABRT, which leaves a core dump where the system allows one. */
  async crashed({ canary, clinic, stack }) {
    const orderId = await clinic.place(canary, 'pharmacy-123');
    for (const part of ['server', 'worker'] as const) stack.kill(part, 'SIGABRT');
    await clinic.reaches(canary, orderId, 'COMPLETED');
  },
  /** The worker dies during the order. */
  async killed({ canary, clinic, stack }) {
    const orderId = await clinic.place(canary, 'pharmacy-123');
    stack.kill('worker', 'SIGKILL');
    await clinic.reaches(canary, orderId, 'COMPLETED');
  },
  /** Every part is killed twice during orders. This path is the last, because it exhausts the stack's restarts. */
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

async function must(command: Promise<CliResult>): Promise<CliResult> {
  const result = await command;
  if (result.code !== 0) throw new Error(`rx ended with ${result.code}: ${result.stderr}`);
  return result;
}
