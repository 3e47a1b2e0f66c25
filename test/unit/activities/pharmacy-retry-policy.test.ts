import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it, vi } from 'vitest';
import {
  patienceMs,
  retryableFailure,
  retryDelayMs,
  untilUsable,
} from '../../../src/activities/pharmacy-retry-policy.ts';
import { DocumentMismatchError } from '../../../src/documents/document-errors.ts';
import { SealBrokenError } from '../../../src/keys/aead.ts';
import {
  NotReadyError,
  OrderRefusedError,
  PharmacyAnswerError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../../../src/pharmacy/pharmacy-errors.ts';
import { createSdkLog } from '../../../src/temporal/sdk-log.ts';
import { createKeptLog } from '../../support/logs.ts';

const logger = createSdkLog(createKeptLog());

const SETTINGS = { retryInitialMs: 2, retryMaxMs: 8, graceMs: 300, completionLimitMs: 10_000 };

const UNAVAILABLE = new PharmacyUnavailableError('PHARMACY_HTTP_503');
const NOT_READY = new NotReadyError('PHARMACY_HTTP_404');
const BAD_ANSWER = new PharmacyAnswerError('PHARMACY_BAD_ANSWER', 'id');
const WRONG_TYPE = new DocumentMismatchError('DOCUMENT_WRONG_TYPE', 'is not of the announced type');

describe('the patience with an error', () => {
  it.each([
    ['an unavailable pharmacy', UNAVAILABLE, 10_000],
    ['an error of the database', new Error('connection lost'), 10_000],
    ['a document that is not ready', NOT_READY, 300],
    ['a broken seal', new SealBrokenError(), 300],
  ])('that is %s ends at its limit', (_, error, expected) => {
    expect(patienceMs(error, null, SETTINGS)).toBe(expected);
  });

  it('never exceeds the limit of the order’s pharmacy', () => {
    expect(patienceMs(UNAVAILABLE, 20_000, SETTINGS)).toBe(20_000);
    expect(patienceMs(UNAVAILABLE, 100, SETTINGS)).toBe(100);
    expect(patienceMs(NOT_READY, 100, SETTINGS)).toBe(100);
    expect(patienceMs(NOT_READY, 20_000, SETTINGS)).toBe(300);
  });
});

describe('the delay after an error', () => {
  it('is the backoff, or Retry-After if that is longer', () => {
    const after = (retryAfterMs?: number) =>
      retryDelayMs(new NotReadyError('PHARMACY_HTTP_404', { retryAfterMs }), 3, SETTINGS);
    for (const delay of [after(), after(1)]) {
      expect(delay).toBeGreaterThanOrEqual(4);
      expect(delay).toBeLessThanOrEqual(8);
    }
    expect(after(7_000)).toBe(7_000);
    expect(retryDelayMs(WRONG_TYPE, 1, SETTINGS)).toBeLessThanOrEqual(2);
  });

  it('is part of a failure without the message of the error', () => {
    const failure = retryableFailure(new Error('Sam Sample'), 5);
    expect(failure).toMatchObject({ type: 'INTERNAL', message: 'Error', nextRetryDelay: 5 });
    expect(failure.stack).not.toContain('Sam');
    expect(retryableFailure(NOT_READY, 5)).toMatchObject({
      type: 'PHARMACY_UNAVAILABLE',
      message: 'PHARMACY_HTTP_404',
      nonRetryable: false,
    });
  });
});

describe('untilUsable', () => {
  /** Runs the calls in an activity; each of them throws or returns the next outcome. */
  async function run(outcomes: readonly unknown[], environment = newEnvironment()) {
    const call = vi.fn(async () => {
      const outcome = outcomes[Math.min(call.mock.calls.length, outcomes.length) - 1];
      if (outcome instanceof Error) throw outcome;
      return outcome;
    });
    const result = await environment
      .run(() => untilUsable(SETTINGS, call))
      .catch((error: unknown) => error);
    return { result, calls: call.mock.calls.length };
  }
  const newEnvironment = () => new MockActivityEnvironment({}, { logger });

  it('returns the first answer that can be used', async () => {
    expect(await run(['usable'])).toEqual({ result: 'usable', calls: 1 });
    const outcomes = [BAD_ANSWER, WRONG_TYPE, BAD_ANSWER, BAD_ANSWER, 'usable'];
    expect(await run(outcomes)).toEqual({ result: 'usable', calls: 5 });
  });

  it.each([BAD_ANSWER, WRONG_TYPE])('gives up after five bad answers: %s', async (error) => {
    expect(await run([error])).toEqual({ result: error, calls: 5 });
  });

  it('leaves the repetition to an ordinary activity in a local one', async () => {
    const local = new MockActivityEnvironment({ isLocal: true }, { logger });
    const { result, calls } = await run([BAD_ANSWER, 'usable'], local);
    expect(calls).toBe(1);
    expect(result).toMatchObject({ type: 'NOT_LOCALLY', nonRetryable: true });
  });

  it.each([
    UNAVAILABLE,
    NOT_READY,
    new PharmacyFaultError('PHARMACY_HTTP_401'),
    new OrderRefusedError('ORDER_REFUSED', undefined),
    new Error('connection lost'),
  ])('does not repeat a call that failed for another reason: %s', async (error) => {
    expect(await run([error])).toEqual({ result: error, calls: 1 });
    expect(await run([BAD_ANSWER, BAD_ANSWER, error])).toEqual({ result: error, calls: 3 });
  });

  it('stops waiting when the activity is cancelled', async () => {
    const environment = newEnvironment();
    const slow = { ...SETTINGS, retryInitialMs: 60_000, retryMaxMs: 60_000 };
    const call = vi.fn(() => Promise.reject(BAD_ANSWER));
    const running = environment.run(() => untilUsable(slow, call));
    setTimeout(() => environment.cancel('CANCELLED'), 20);
    await expect(running).rejects.toThrow();
    expect(call).toHaveBeenCalledOnce();
  });
});
