import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createInterruptibleSleep,
  type InterruptibleSleep,
} from '../../../src/lib/interruptible-sleep.ts';

/** Starts a sleep; `ended` becomes true when it ends. */
function startSleep(waker: InterruptibleSleep, ms: number): { ended: boolean } {
  const state = { ended: false };
  void waker.sleep(ms).then(() => {
    state.ended = true;
  });
  return state;
}

describe('createInterruptibleSleep', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('sleeps for the whole time if nothing wakes it', async () => {
    const sleep = startSleep(createInterruptibleSleep(), 1_000);
    await vi.advanceTimersByTimeAsync(999);
    expect(sleep.ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(sleep.ended).toBe(true);
  });

  it('ends a sleep at once after a wake, and leaves no timer', async () => {
    const waker = createInterruptibleSleep();
    const sleep = startSleep(waker, 60_000);
    waker.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(sleep.ended).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not miss a wake between two sleeps', async () => {
    const waker = createInterruptibleSleep();
    waker.wake();
    const sleep = startSleep(waker, 60_000);
    await vi.advanceTimersByTimeAsync(0);
    expect(sleep.ended).toBe(true);
  });

  it('treats several wakes as one', async () => {
    const waker = createInterruptibleSleep();
    for (let i = 0; i < 5; i += 1) waker.wake();
    await waker.sleep(60_000);
    const second = startSleep(waker, 1_000);
    await vi.advanceTimersByTimeAsync(999);
    expect(second.ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(second.ended).toBe(true);
  });

  it('wakes one sleep after another', async () => {
    const waker = createInterruptibleSleep();
    for (let round = 0; round < 3; round += 1) {
      const sleep = startSleep(waker, 60_000);
      await vi.advanceTimersByTimeAsync(10);
      expect(sleep.ended).toBe(false);
      waker.wake();
      await vi.advanceTimersByTimeAsync(0);
      expect(sleep.ended).toBe(true);
    }
  });
});
