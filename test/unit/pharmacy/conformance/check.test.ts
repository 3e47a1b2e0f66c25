import { afterEach, describe, expect, it } from 'vitest';
import { checkedBytes } from '../../../../src/documents/checked-bytes.ts';
import { DocumentMismatchError } from '../../../../src/documents/document-errors.ts';
import { checkConformance } from '../../../../src/pharmacy/conformance/check.ts';
import {
  CONFORMANCE_RULES,
  type ConformanceFinding,
  type ConformanceRule,
} from '../../../../src/pharmacy/conformance/finding.ts';
import { makeTestOrder } from '../../../../src/pharmacy/conformance/test-order.ts';
import { createRestGateway } from '../../../../src/pharmacy/rest-gateway.ts';
import type { WebhookAuth } from '../../../../src/pharmacy/webhook-auth.ts';
import { type FakePharmacy, unaborted } from '../fake-pharmacy.ts';
import { type Faults, startModelPharmacy, TOKEN } from './model-pharmacy.ts';

const AUTH: WebhookAuth = { kind: 'bearer', token: 'q7Zt-mB2x_9LkRw4' };
const NOWHERE = 'http://127.0.0.1:9';

let pharmacy: FakePharmacy | undefined;
afterEach(async () => {
  await pharmacy?.close();
  pharmacy = undefined;
});

interface Setup {
  token?: string;
  baseUrl?: string;
  places?: boolean;
  waitMs?: number;
  auth?: WebhookAuth;
  arrives?: boolean;
  stopping?: AbortSignal;
}

async function check(faults: Faults, setup: Setup = {}): Promise<ConformanceFinding[]> {
  pharmacy = await startModelPharmacy(faults);
  const gatewayWith = (token: string) =>
    createRestGateway({
      baseUrl: setup.baseUrl ?? pharmacy?.url ?? '',
      token,
      timeoutMs: 2_000,
      foreign: {
        policy: { sandbox: true },
        lookup: () => Promise.reject(new Error('no lookup in this test')),
      },
    });
  const findings: ConformanceFinding[] = [];
  const checked = checkConformance(
    {
      gateway: gatewayWith(setup.token ?? TOKEN),
      intruder: gatewayWith('a-token-of-nobody'),
      webhookAuth: setup.auth ?? AUTH,
    },
    {
      order: (setup.places ?? true) ? makeTestOrder('drug-1') : { skipped: 'nothing is placed' },
      waitMs: setup.waitMs ?? 1_500,
      checkDocument: async (bytes, announced) => {
        const checked = checkedBytes(bytes, announced);
        try {
          while (!(await checked.next()).done);
          return undefined;
        } catch (error) {
          if (error instanceof DocumentMismatchError) return `${error.message} (${error.code})`;
          throw error;
        }
      },
      webhookArrived: async () => setup.arrives ?? true,
      stopping: setup.stopping ?? unaborted(),
    },
  );
  for await (const finding of checked) findings.push(finding);
  return findings;
}

/** The results that are not `ok`, as `{ rule: 'result: message' }`. */
function faultsIn(
  findings: readonly ConformanceFinding[],
): Partial<Record<ConformanceRule, string>> {
  return Object.fromEntries(
    findings
      .filter(({ result }) => result !== 'ok')
      .map(({ rule, result, message }) => [rule, `${result}: ${message}`]),
  );
}

it('finds nothing wrong with a pharmacy that conforms, and reports each rule once, in order', async () => {
  const findings = await check({});
  expect(findings.map(({ rule }) => rule)).toEqual(CONFORMANCE_RULES);
  expect(faultsIn(findings)).toEqual({});
});

it('places one order, whose every text says that it is a test', async () => {
  await check({});
  const posts = (pharmacy?.seen ?? []).filter(
    ({ method, url }) => method === 'POST' && url === '/orders',
  );
  expect(posts).toHaveLength(2);
  expect(posts[0]?.body).toBe(posts[1]?.body);
  const { reference, prescription } = JSON.parse(posts[0]?.body ?? '');
  expect(reference).toMatch(/^00000000-[0-9a-f-]{27}$/);
  expect(posts[0]?.headers['idempotency-key']).toBe(reference);
  expect(prescription).toMatchObject({
    diagnosis: 'CONFORMANCE TEST - DO NOT DISPENSE',
    prescriptionItems: [{ drugId: 'drug-1', direction: 'CONFORMANCE TEST - DO NOT DISPENSE' }],
  });
});

it('only reads without an order to place', async () => {
  const findings = await check({}, { places: false });
  expect(pharmacy?.seen.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET']);
  const skipped = findings.filter(({ result }) => result === 'skip').map(({ rule }) => rule);
  expect(skipped).toEqual([
    ...['place', 'place-again', 'find-by-reference', 'read-by-id'],
    ...['completion', 'documents', 'cancel', 'webhook'],
  ]);
});

it('places nothing at a pharmacy that is unreachable', async () => {
  const findings = await check({}, { baseUrl: NOWHERE });
  expect(findings.map(({ rule }) => rule)).toEqual(CONFORMANCE_RULES);
  expect(findings[0]).toMatchObject({ rule: 'reachable', result: 'fail' });
  const others = findings.slice(1).filter(({ rule }) => rule !== 'webhook-secret');
  expect(others.map(({ result }) => result)).toEqual(others.map(() => 'skip'));
});

it('places nothing at a pharmacy that refuses our token', async () => {
  const findings = await check({}, { token: 'an-old-token' });
  expect(faultsIn(findings)).toMatchObject({
    authorized: expect.stringMatching(/^fail: answered 401: the token is wrong/),
    place: expect.stringMatching(/^skip/),
  });
  expect(pharmacy?.seen.every(({ method }) => method === 'GET')).toBe(true);
});

describe.each<[string, Faults, ConformanceRule, RegExp]>([
  ['accepts every token', { openToAll: true }, 'refuses-wrong-token', /^fail: .*answer 401/],
  ['fails reads by reference', { status: { find: 500 } }, 'unknown-reference', /answered 500/],
  ['redirects', { status: { find: 302 } }, 'unknown-reference', /redirects .* not followed/],
  ['finds an order for any reference', { findsAnything: true }, 'unknown-reference', /answer 404/],
  ['reads an unknown order as 200', { status: { read: 200 } }, 'unknown-order', /^fail/],
  ['fails reads of an unknown order', { status: { read: 500 } }, 'unknown-order', /answered 500/],
  [
    'refuses the order',
    { refusal: { code: 'NO_STOCK', message: 'none' } },
    'place',
    /NO_STOCK: none; .*--drug/,
  ],
  ['answers a new order with 409', { conflictsAtOnce: true }, 'place', /answers 409 .*answer 201/],
  ['has no POST', { status: { place: 405 } }, 'place', /answered 405/],
  ['answers 200 with an error body', { status: { place: 200 } }, 'place', /check its field id/],
  ['creates two orders', { createsTwice: true }, 'place-again', /never create two/],
  ['finds no order by reference', { forgetsReference: true }, 'find-by-reference', /does not find/],
  ['announces another SHA-256', { document: { sha256: 'a'.repeat(64) } }, 'documents', /SHA-256/],
  ['announces another size', { document: { size: 5 } }, 'documents', /is longer than announced/],
  [
    'announces an unreadable size',
    { document: { size: 'big' } },
    'documents',
    /documents\[0\]\.size/,
  ],
  [
    'announces another type',
    { document: { contentType: 'image/png' } },
    'documents',
    /DOCUMENT_WRONG_TYPE/,
  ],
  [
    'serves HTML as a PDF',
    { bytes: Buffer.from('<html>'), document: {} },
    'documents',
    /DOCUMENT_WRONG_TYPE/,
  ],
  [
    'serves an empty document',
    { bytes: Buffer.alloc(0) },
    'documents',
    /is empty \(DOCUMENT_EMPTY\)/,
  ],
  ['has no bytes', { status: { download: 404 } }, 'documents', /answered 404/],
  [
    'pretends to cancel',
    { end: 'accepted', pretendsToCancel: true },
    'cancel',
    /a read says accepted/,
  ],
  [
    'cancels what is completed',
    { cancelsTheCompleted: true },
    'cancel',
    /changes completed to cancelled/,
  ],
  ['has no route to cancel', { status: { cancel: 404 } }, 'cancel', /answered 404/],
])('a pharmacy that %s', (_, faults, rule, message) => {
  it(`breaks the rule ${rule}`, async () => {
    const findings = await check(faults);
    expect(findings.map((finding) => finding.rule)).toEqual(CONFORMANCE_RULES);
    const finding = findings.find((each) => each.rule === rule);
    expect(`${finding?.result}: ${finding?.message}`).toMatch(message);
    expect(finding?.result).toBe('fail');
  });
});

describe.each<[string, Faults, ConformanceRule, RegExp]>([
  ['is late with its documents', { lateDocuments: 2 }, 'documents', /1 downloaded and checked/],
  ['is late with the bytes', { lateBytes: 2 }, 'documents', /1 downloaded and checked/],
  ['announces no SHA-256', { document: { sha256: null } }, 'documents', /has no sha256: add it/],
  [
    'sends bytes without a type',
    { contentType: 'application/octet-stream' },
    'documents',
    /checked/,
  ],
  ['rejects the order', { end: 'rejected', reason: 'a test' }, 'completion', /rejected .*: a test/],
  ['decides later', { end: 'accepted', decidesLater: true }, 'cancel', /answers 202/],
  ['cancels an open order', { end: 'accepted' }, 'cancel', /cancels the order/],
])('a pharmacy that %s', (_, faults, rule, message) => {
  it(`keeps the rule ${rule}`, async () => {
    const finding = (await check(faults)).find((each) => each.rule === rule);
    expect(`${finding?.result}: ${finding?.message}`).toMatch(message);
    expect(finding?.result).toBe('ok');
  });
});

it('waits no longer than it may for the end', async () => {
  const faults = faultsIn(await check({ end: 'accepted' }, { waitMs: 0, arrives: false }));
  expect(faults).toMatchObject({
    completion: expect.stringMatching(/^skip: still accepted after 0\.\d s/),
    documents: 'skip: the order is not completed',
    webhook: expect.stringMatching(/^skip: the pharmacy did not end/),
  });
});

it('does not place an order when it is stopped, and cancels one that it has placed', async () => {
  await check({ end: 'accepted' }, { stopping: AbortSignal.abort() });
  expect(pharmacy?.seen.every(({ method }) => method === 'GET')).toBe(true);
  await pharmacy?.close();

  const stopped = new AbortController();
  setTimeout(() => stopped.abort(), 700);
  const findings = await check({ end: 'accepted' }, { stopping: stopped.signal, waitMs: 60_000 });
  expect(findings.find(({ rule }) => rule === 'cancel')).toMatchObject({ result: 'ok' });
});

it('goes on with an order whose answer was lost, and cancels it', async () => {
  const findings = await check({ losesAnswer: true, end: 'accepted' }, { waitMs: 0 });
  expect(faultsIn(findings)).toEqual({
    place: expect.stringMatching(/^fail: answered 503/),
    completion: expect.stringMatching(/^skip/),
    documents: expect.stringMatching(/^skip/),
  });
});

it('names the order that a pharmacy may have after a lost answer', async () => {
  const place = (await check({ status: { place: 503 } })).find(({ rule }) => rule === 'place');
  expect(place?.message).toMatch(/^answered 503: .*its reference is 00000000-[0-9a-f-]{27}$/);
});

it('finds a missing webhook of an order that the pharmacy ended', async () => {
  const faults = faultsIn(await check({}, { arrives: false, waitMs: 600 }));
  expect(faults).toEqual({ webhook: expect.stringMatching(/^fail: no authentic webhook/) });
});

it.each<[string, WebhookAuth, RegExp]>([
  ['a weak secret', { kind: 'bearer', token: 'short' }, /^fail: bearer: .*at least 16/],
  ['no webhooks', { kind: 'none' }, /^skip: no webhooks/],
])('reports %s', async (_, auth, message) => {
  expect(faultsIn(await check({}, { auth }))['webhook-secret']).toMatch(message);
});
