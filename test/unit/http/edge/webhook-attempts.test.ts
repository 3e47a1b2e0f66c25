import { beforeEach, expect, it } from 'vitest';
import { FailedAttemptsError } from '../../../../src/http/edge/failed-attempts.ts';
import {
  createWebhookAttempts,
  type WebhookAttempts,
  type WebhookSource,
} from '../../../../src/http/edge/webhook-attempts.ts';
import { createKeptLog, type KeptLog } from '../../../support/logs.ts';

const BURST = 3;
const HERE = '192.0.2.1';

let time: number;
let log: KeptLog;
let attempts: WebhookAttempts;
beforeEach(() => {
  time = 0;
  log = createKeptLog();
  attempts = createWebhookAttempts({ burst: BURST, perSecond: 1 }, log, { now: () => time });
});

function from(address: string, other: Partial<WebhookSource> = {}): WebhookSource {
  return { address, pharmacyId: 'pharmacy', credential: undefined, ...other };
}

/** Whether a call passes; false for a 429. */
function passes(call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (error instanceof FailedAttemptsError) return false;
    throw error;
  }
}
const admitted = (source: WebhookSource) => passes(() => attempts.admit(source));
/** Guesses once; returns whether the guess was checked. */
function guess(source: WebhookSource): boolean {
  if (!admitted(source)) return false;
  passes(() => attempts.failed(source));
  return true;
}

it('an address has a burst of guesses, at whichever pharmacies, and then one per second', () => {
  const checked = Array.from({ length: 10 }, (_, n) => guess(from(HERE, { pharmacyId: `p${n}` })));
  expect(checked.filter(Boolean)).toHaveLength(BURST);
  time += 1_000;
  expect([guess(from(HERE)), guess(from(HERE))]).toEqual([true, false]);
});

it('many addresses have one guess each once the pharmacy had ten bursts, and others are served', () => {
  const addresses = Array.from({ length: 100 }, (_, n) => `198.51.100.${n}`);
  const rounds = [1, 2, 3, 4, 5].map(
    () => addresses.filter((address) => guess(from(address))).length,
  );
  expect(rounds).toEqual([100, 0, 0, 0, 0]);
  expect(admitted(from(HERE))).toBe(true);
  expect(admitted(from('198.51.100.1', { pharmacyId: 'other' }))).toBe(true);
  expect(log.lines.map(({ message }) => message)).toContain(
    'pharmacy refused: too many failed attempts',
  );
});

it('a credential that was right within a day is admitted, whatever its address and others did', () => {
  const right = from(HERE, { credential: 'Bearer right' });
  attempts.succeeded(right);
  for (let n = 0; n < 50; n += 1) guess(from(HERE, { credential: `Bearer ${n}` }));
  time += 24 * 60 * 60_000 - 1;
  for (let n = 0; n < 50; n += 1) guess(from(HERE, { credential: `Bearer ${n}` }));

  expect(admitted(right)).toBe(true);
  expect(admitted({ ...right, pharmacyId: 'other' })).toBe(false);
  time += 1;
  for (let n = 0; n < 50; n += 1) guess(from(HERE));
  expect(admitted(right)).toBe(false);
});

it('a credential that is no longer right is not admitted', () => {
  const old = from(HERE, { credential: 'Bearer old' });
  attempts.succeeded(old);
  for (let n = 0; n < 50; n += 1) guess(from(HERE));
  expect(guess(old)).toBe(true);
  expect(guess(old)).toBe(false);
});

it('a sender of signatures is known by its address, which a forger behind it cannot end', () => {
  attempts.succeeded(from(HERE));
  for (let n = 0; n < 50; n += 1) passes(() => attempts.failed(from(HERE)));

  expect(admitted(from(HERE))).toBe(true);
  expect(admitted(from('192.0.2.2'))).toBe(true);
  expect(admitted(from(HERE, { credential: 'Bearer x' }))).toBe(false);
});
