import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createFailedAttempts,
  type FailedAttempts,
  FailedAttemptsError,
} from '../../../../src/http/edge/failed-attempts.ts';
import { createKeptLog, type KeptLog } from '../../../support/logs.ts';

const LIMITS = { burst: 3, perSecond: 1 };
const HERE = '192.0.2.1';

let time: number;
let log: KeptLog;
let refused: number;
let attempts: FailedAttempts;
beforeEach(() => {
  time = 0;
  refused = 0;
  log = createKeptLog();
  attempts = make();
});

function make(limits = LIMITS): FailedAttempts {
  return createFailedAttempts(limits, log, {
    now: () => time,
    onRefused: () => {
      refused += 1;
    },
  });
}

/** The seconds of `Retry-After`; 0 when the call succeeds. */
function waitOf(call: () => void): number {
  try {
    call();
    return 0;
  } catch (error) {
    if (error instanceof FailedAttemptsError) return error.retryAfterSeconds;
    throw error;
  }
}

function fail(times: number, address = HERE): void {
  for (let n = 0; n < times; n += 1) waitOf(() => attempts.failed(address));
}
const admitted = (address: string, key?: string) =>
  waitOf(() => attempts.admit(address, key)) === 0;

describe('failed attempts', () => {
  it('are admitted up to a burst, then once per second', () => {
    fail(3);
    expect(waitOf(() => attempts.admit(HERE, 'guess'))).toBe(1);
    time += 999;
    expect(admitted(HERE)).toBe(false);
    time += 1;
    expect(admitted(HERE)).toBe(true);
    fail(1);
    expect(admitted(HERE)).toBe(false);
  });

  it('that were concurrent cost waiting time, but no more than one extra burst', () => {
    fail(1_000);
    expect(waitOf(() => attempts.admit(HERE, undefined))).toBe(4);
    time += 4_000;
    expect(admitted(HERE)).toBe(true);
  });

  it('count for the client’s own address only, or for its IPv6 /64', () => {
    fail(3);
    expect(admitted('192.0.2.2')).toBe(true);
    fail(3, '2001:db8::1');
    expect(admitted('2001:db8::2')).toBe(false);
    expect(admitted('2001:db8:0:1::1')).toBe(true);
  });

  it('do not lock out a key that was valid within the last ten minutes', () => {
    attempts.succeeded('right');
    fail(3);
    time += 10 * 60_000 - 1;
    fail(3);
    expect([admitted(HERE, 'right'), admitted(HERE, 'guess')]).toEqual([true, false]);
    time += 1;
    fail(3);
    expect(admitted(HERE, 'right')).toBe(false);
  });

  it('end the trust in a key that is no longer valid', () => {
    attempts.succeeded('revoked');
    fail(3);
    waitOf(() => attempts.failed(HERE, 'revoked'));
    expect(admitted(HERE, 'revoked')).toBe(false);
  });

  it('never admit more than one burst plus the refilled tokens', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 60 });
    const limits = fc.record({
      burst: fc.integer({ min: 1, max: 10 }),
      perSecond: fc.integer({ min: 1, max: 10 }),
    });
    fc.assert(
      fc.property(steps, limits, (waits, { burst, perSecond }) => {
        time = 0;
        attempts = make({ burst, perSecond });
        let admissions = 0;
        for (const wait of waits) {
          time += wait;
          if (!admitted(HERE)) continue;
          admissions += 1;
          attempts.failed(HERE);
        }
        expect(admissions).toBeLessThanOrEqual(burst + (time / 1_000) * perSecond + 1e-6);
      }),
    );
  });

  it('are kept for 10,000 addresses; the one that failed longest ago is dropped', () => {
    fail(3, '198.51.100.1');
    fail(3, '198.51.100.2');
    for (let n = 0; n < 9_999; n += 1) attempts.failed(`10.0.${n >> 8}.${n & 255}`);
    expect([admitted('198.51.100.1'), admitted('198.51.100.2')]).toEqual([true, false]);
  });

  it('are logged once a minute without the address, and every refusal is counted', () => {
    fail(3);
    for (let n = 0; n < 5; n += 1) admitted(HERE, 'guess');
    expect(refused).toBe(5);
    expect(log.lines).toHaveLength(1);
    expect(JSON.stringify(log.lines)).not.toMatch(/192\.0|guess/);
    time += 60_000;
    fail(4);
    expect(log.lines).toHaveLength(2);
  });
});
