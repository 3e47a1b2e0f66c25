import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withPharmacySlots } from '../../../src/activities/pharmacy-slots.ts';
import type { PharmacyDirectory } from '../../../src/pharmacy/directory.ts';
import type { PharmacyGateway, PharmacyOrder } from '../../../src/pharmacy/gateway.ts';
import {
  NotReadyError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../../../src/pharmacy/pharmacy-errors.ts';
import { withHeartbeat } from '../../../src/temporal/activity-context.ts';
import { createSdkLog } from '../../../src/temporal/sdk-log.ts';
import { createKeptLog } from '../../support/logs.ts';

const logger = createSdkLog(createKeptLog());
const { signal } = new AbortController();
const MOST_LOCAL = 20;
const LOCAL = { isLocal: true };

type Get = PharmacyGateway['get'];

/** Pharmacies of which each answers reads as `answers` says. */
function createRig(answers: Record<string, Get>) {
  const gateway = vi.fn(async (id: string) =>
    answers[id] === undefined ? undefined : ({ get: answers[id] } as PharmacyGateway),
  );
  const pharmacies = withPharmacySlots({ gateway } as unknown as PharmacyDirectory, MOST_LOCAL);
  return {
    gateway,
    /** The delay in milliseconds after which an activity that finds no free slot is retried. */
    busyFor: (id: string): Promise<number> =>
      new MockActivityEnvironment({}, { logger }).run(() =>
        pharmacies.gateway(id).then(
          () => 0,
          (error: PharmacyUnavailableError) => error.retryAfterMs ?? 0,
        ),
      ),
    /** Runs an activity that reads an order at a pharmacy; returns the code of its error. */
    read: (id: string, { isLocal = false } = {}) =>
      new MockActivityEnvironment({ isLocal }, { logger })
        .run(() =>
          withHeartbeat(async () => {
            await (await pharmacies.gateway(id))?.get('an order', signal);
          }),
        )
        .then(
          () => 'OK',
          (error: { code?: string; type?: string }) => error.code ?? error.type,
        ),
    answersQuickly: (id: string) => pharmacies.answersQuickly(id),
  };
}

const order = {} as PharmacyOrder;
const answering: Get = async () => order;
const failing =
  (error: Error): Get =>
  async () => {
    throw error;
  };
const SILENT = new PharmacyUnavailableError('PHARMACY_TIMEOUT');

/** A pharmacy that hangs until it is released. */
function hanging() {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const get: Get = async () => {
    await gate;
    return order;
  };
  return { get, release: () => release() };
}

async function times<T>(count: number, run: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let n = 0; n < count; n += 1) results.push(await run());
  return results;
}

describe('the slots of a pharmacy', () => {
  it('refuse the activities of a pharmacy that hangs, at once, and no other pharmacy’s', async () => {
    const { get, release } = hanging();
    const rig = createRig({ hangs: get, answers: answering });
    const started = Array.from({ length: 300 }, () => rig.read('hangs'));
    // They end while the others hang.
    expect(await Promise.all(started.slice(40))).toEqual(Array(260).fill('PHARMACY_BUSY'));
    expect(await rig.read('answers')).toBe('OK');
    release();
    expect(await Promise.all(started.slice(0, 40))).toEqual(Array(40).fill('OK'));
    expect(await rig.read('hangs')).toBe('OK');
  });

  it('shrink to two when a pharmacy does not answer, and grow again with its first answer', async () => {
    const { get, release } = hanging();
    const answers: Record<string, Get> = { p: failing(SILENT) };
    const rig = createRig(answers);
    expect(await times(5, () => rig.read('p'))).toEqual(Array(5).fill('PHARMACY_TIMEOUT'));
    answers['p'] = get;
    const started = [rig.read('p'), rig.read('p')];
    expect(await rig.read('p')).toBe('PHARMACY_BUSY');
    release();
    expect(await Promise.all(started)).toEqual(['OK', 'OK']);
    expect(await Promise.all(Array.from({ length: 40 }, () => rig.read('p')))).toEqual(
      Array(40).fill('OK'),
    );
  });

  it.each([
    ['answers in between', answering],
    ['a file that is not ready', failing(new NotReadyError('PHARMACY_HTTP_404'))],
    ['a refusal', failing(new PharmacyFaultError('PHARMACY_HTTP_401'))],
  ])('do not shrink for %s', async (_what, between) => {
    const answers: Record<string, Get> = {};
    const rig = createRig(answers);
    for (let round = 0; round < 3; round += 1) {
      answers['p'] = failing(SILENT);
      await times(4, () => rig.read('p'));
      answers['p'] = between;
      await rig.read('p');
    }
    const { get, release } = hanging();
    answers['p'] = get;
    const started = Array.from({ length: 40 }, () => rig.read('p'));
    release();
    expect(await Promise.all(started)).toEqual(Array(40).fill('OK'));
  });

  it('spread the attempts at a pharmacy that does not answer, however many orders it has', async () => {
    const errors: PharmacyUnavailableError[] = [];
    const answers: Record<string, Get> = {
      p: async () => {
        const error = new PharmacyUnavailableError('PHARMACY_ECONNREFUSED');
        errors.push(error);
        throw error;
      },
    };
    const rig = createRig(answers);
    await times(2_000, () => rig.read('p'));
    expect(errors.slice(0, 4).map(({ retryAfterMs }) => retryAfterMs)).toEqual(
      Array(4).fill(undefined),
    );
    const delays = errors.slice(4).map(({ retryAfterMs = 0 }) => retryAfterMs);
    // One attempt a second; the test itself takes a few seconds at most.
    expect(delays[0]).toBe(1_000);
    for (const [n, delay] of delays.entries()) {
      expect(delay).toBeGreaterThan(Math.min(300_000, (n + 1) * 1_000) - 10_000);
      expect(delay).toBeLessThanOrEqual(Math.min(300_000, (n + 1) * 1_000));
    }
    expect(delays.at(-1)).toBe(300_000);
  });

  it('let the orders that wait for a slot take turns, as often as slots become free', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
    const { get, release } = hanging();
    const rig = createRig({ p: get });
    const running = Array.from({ length: 40 }, () => rig.read('p'));
    await vi.advanceTimersByTimeAsync(20_000);
    const turns: number[] = [];
    for (let n = 0; n < 1_000; n += 1) turns.push(await rig.busyFor('p'));
    // 40 slots, each of which was held for 20 seconds so far.
    expect(turns.slice(0, 3)).toEqual([500, 1_000, 1_500]);
    expect(turns.at(-1)).toBe(300_000);
    release();
    await Promise.all(running);
    vi.useRealTimers();
  });

  it('keep a longer Retry-After of a pharmacy that does not answer', async () => {
    const error = new PharmacyUnavailableError('PHARMACY_HTTP_503', { retryAfterMs: 3_600_000 });
    const rig = createRig({ p: failing(error) });
    await times(10, () => rig.read('p'));
    expect(error.retryAfterMs).toBe(3_600_000);
  });

  it('are free again after an activity for an unknown pharmacy', async () => {
    const rig = createRig({});
    expect(await times(50, () => rig.read('unknown'))).toEqual(Array(50).fill('OK'));
    expect(rig.gateway).toHaveBeenCalledTimes(50);
    expect(rig.answersQuickly('unknown')).toBe(false);
  });

  describe('of local activities', () => {
    const slow =
      (ms: number): Get =>
      () =>
        new Promise((resolve) => {
          setTimeout(() => resolve(order), ms);
        });

    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });
    async function ended<T>(running: Promise<T>): Promise<T> {
      await vi.advanceTimersByTimeAsync(5_000);
      return await running;
    }

    it('are there only after a pharmacy has answered quickly a few times', async () => {
      const rig = createRig({ p: answering });
      expect(await rig.read('p', LOCAL)).toBe('NOT_LOCALLY');
      expect(rig.gateway).not.toHaveBeenCalled();
      await times(3, () => rig.read('p'));
      expect(rig.answersQuickly('p')).toBe(true);
      expect(await rig.read('p', LOCAL)).toBe('OK');
    });

    it('are gone after a failure, until the next answer', async () => {
      const answers: Record<string, Get> = { p: answering };
      const rig = createRig(answers);
      await times(5, () => rig.read('p'));
      answers['p'] = failing(SILENT);
      expect(await rig.read('p', LOCAL)).toBe('PHARMACY_TIMEOUT');
      expect(await rig.read('p', LOCAL)).toBe('NOT_LOCALLY');
      answers['p'] = answering;
      await rig.read('p');
      expect(await rig.read('p', LOCAL)).toBe('OK');
    });

    it('are gone while the pharmacy answers slowly', async () => {
      const answers: Record<string, Get> = { p: answering };
      const rig = createRig(answers);
      await times(5, () => rig.read('p'));
      answers['p'] = slow(2_000);
      for (let n = 0; n < 4; n += 1) expect(await ended(rig.read('p'))).toBe('OK');
      expect(rig.answersQuickly('p')).toBe(false);
      expect(await rig.read('p', LOCAL)).toBe('NOT_LOCALLY');
      answers['p'] = answering;
      await times(5, () => rig.read('p'));
      expect(rig.answersQuickly('p')).toBe(true);
    });

    it('are gone as soon as a pharmacy hangs, and limited over all pharmacies', async () => {
      const { get, release } = hanging();
      const answers: Record<string, Get> = { p: answering, q: answering };
      const rig = createRig(answers);
      await times(5, () => rig.read('p'));
      await times(5, () => rig.read('q'));
      answers['p'] = get;
      const started = Array.from({ length: 30 }, () => rig.read('p', LOCAL));
      expect(await Promise.all(started.slice(MOST_LOCAL))).toEqual(Array(10).fill('NOT_LOCALLY'));
      expect(await rig.read('q', LOCAL)).toBe('NOT_LOCALLY');
      expect(await rig.read('q')).toBe('OK');
      await vi.advanceTimersByTimeAsync(1_000);
      expect(rig.answersQuickly('p')).toBe(false);
      expect(rig.answersQuickly('q')).toBe(true);
      release();
      expect(await Promise.all(started.slice(0, MOST_LOCAL))).toEqual(Array(MOST_LOCAL).fill('OK'));
      expect(await rig.read('q', LOCAL)).toBe('OK');
    });
  });
});
