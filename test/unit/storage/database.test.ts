import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  DatabaseTimeoutError,
  isDatabaseUnavailable,
  outcomeWithTimeout,
  withTimeout,
} from '../../../src/storage/database.ts';

const withCode = (code: unknown) => Object.assign(new Error('synthetic'), { code });

describe('isDatabaseUnavailable', () => {
  it.each([
    ['refused', 'ECONNREFUSED'],
    ['reset', 'ECONNRESET'],
    ['without a route', 'EHOSTUNREACH'],
    ['closed by the library', 'CONNECTION_CLOSED'],
    ['late to connect', 'CONNECT_TIMEOUT'],
    ['lost in the server', '08006'],
    ['out of connections', '53300'],
    ['out of disk', '53100'],
    ['shutting down', '57P01'],
    ['starting up', '57P03'],
    ['out of time', '57014'],
    ['a serialization failure', '40001'],
    ['a deadlock', '40P01'],
    ['a lock timeout', '55P03'],
  ])('is true for: %s', (_, code) => {
    expect(isDatabaseUnavailable(withCode(code))).toBe(true);
  });

  it('is true for a query that timed out', () => {
    expect(isDatabaseUnavailable(new DatabaseTimeoutError())).toBe(true);
  });

  it.each(['23505', '23514', '42P01', '22P02', '40003', '28P01', 'UNDEFINED_VALUE', '', '157000'])(
    'is false for %j, which a retry does not fix',
    (code) => {
      expect(isDatabaseUnavailable(withCode(code))).toBe(false);
    },
  );

  it('is false for values without an error code', () => {
    for (const error of [
      new Error('ECONNREFUSED'),
      withCode(57),
      'ECONNREFUSED',
      null,
      undefined,
    ]) {
      expect(isDatabaseUnavailable(error)).toBe(false);
    }
    expect(isDatabaseUnavailable({ code: 'ECONNREFUSED' })).toBe(false);
  });
});

describe('withTimeout', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('returns the result of the query, and leaves no timer', async () => {
    await expect(withTimeout(Promise.resolve('rows'))).resolves.toBe('rows');
    expect(vi.getTimerCount()).toBe(0);
  });

  it("throws the query's own error", async () => {
    const error = withCode('23505');
    await expect(withTimeout(Promise.reject(error))).rejects.toBe(error);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('times out after two seconds if the server does not answer', async () => {
    const outcome = withTimeout(new Promise(() => {})).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await outcome).toBeInstanceOf(DatabaseTimeoutError);
  });

  it('leaves no unhandled rejection if a query fails after the timeout', async () => {
    let fail: ((error: Error) => void) | undefined;
    const query = new Promise((_, reject) => {
      fail = reject;
    });
    const outcome = withTimeout(query).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(2_000);
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    fail?.(new Error('too late'));
    vi.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(await outcome).toBeInstanceOf(DatabaseTimeoutError);
    expect(unhandled).toEqual([]);
  });
});

describe('outcomeWithTimeout', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('reports success if the commit was under way at the timeout', async () => {
    const outcome = outcomeWithTimeout(async (throwIfLate) => {
      await pause(1_900);
      throwIfLate();
      await pause(400); // the commit
      return 'stored';
    });
    await vi.advanceTimersByTimeAsync(2_300);
    await expect(outcome).resolves.toBe('stored');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stores nothing after the timeout', async () => {
    const commit = vi.fn();
    const outcome = outcomeWithTimeout(async (throwIfLate) => {
      await pause(2_100);
      throwIfLate();
      commit();
    });
    const seen = outcome.catch((thrown: unknown) => thrown);
    await vi.advanceTimersByTimeAsync(2_100);
    expect(await seen).toBeInstanceOf(DatabaseTimeoutError);
    expect(commit).not.toHaveBeenCalled();
  });

  it("throws the transaction's own error", async () => {
    const error = withCode('57014');
    const outcome = outcomeWithTimeout(async () => {
      await pause(2_100);
      throw error;
    });
    const seen = outcome.catch((thrown: unknown) => thrown);
    await vi.advanceTimersByTimeAsync(2_100);
    expect(await seen).toBe(error);
  });

  it('times out if the server stays silent for longer than the statement limit', async () => {
    const outcome = outcomeWithTimeout(() => new Promise(() => {})).catch(
      (error: unknown) => error,
    );
    await vi.advanceTimersByTimeAsync(3_750);
    expect(await outcome).toBeInstanceOf(DatabaseTimeoutError);
  });
});
