import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it, vi } from 'vitest';
import { createActivities } from '../../../src/activities/create-activities.ts';
import type { ActivityDependencies } from '../../../src/activities/dependencies.ts';
import { subjectKey } from '../../../src/keys/subject-key.ts';
import type { PharmacyGateway } from '../../../src/pharmacy/gateway.ts';
import { PharmacyUnavailableError } from '../../../src/pharmacy/pharmacy-errors.ts';
import type { Database } from '../../../src/storage/database.ts';
import { createSdkLog } from '../../../src/temporal/sdk-log.ts';
import { examplePlaceOrder } from '../../support/example.ts';
import { createKeptLog } from '../../support/logs.ts';

const logger = createSdkLog(createKeptLog());

/** This worker's clock is wrong by a month. */
const TEMPORAL_AHEAD_MS = 31 * 86_400_000;
const temporalNow = () => Date.now() + TEMPORAL_AHEAD_MS;

const KEY = subjectKey('order/an-order', Buffer.alloc(32));
const ROW = {
  id: 'an-order',
  organizationId: 'an-organization',
  status: 'PLACING',
  changed: true,
  reasonCode: null,
  pharmacyId: 'a-pharmacy',
  pharmacyOrderId: null as string | null,
  dataKey: 'a wrapped key',
  prescription: KEY.seal('prescription', JSON.stringify(examplePlaceOrder().order)),
  shippingAddress: KEY.seal(
    'shippingAddress',
    JSON.stringify(examplePlaceOrder().order.shippingAddress),
  ),
  cancelReason: null,
  caseKey: null,
  caseAddress: null,
  patient: KEY.seal('patient', '{}'),
  patientKey: 'another wrapped key',
  // The answer to the record of a failed attempt.
  failingMs: 0,
  completionLimitMs: null as string | null,
};

/** Creates activities with a database that gives every query the same answer, and with a gateway. */
function activities(query: () => Promise<unknown[]>, gateway: Partial<PharmacyGateway> = {}) {
  return createActivities({
    database: Object.assign(
      () => {
        const answer = query();
        // Nobody awaits a fragment of a statement.
        answer.catch(() => undefined);
        return answer;
      },
      { keys: { openSubject: async () => KEY } },
    ) as unknown as Database,
    pharmacies: { gateway: async () => gateway, find: async () => undefined },
    settings: {
      timeoutMs: 1_000,
      retryInitialMs: 100,
      retryMaxMs: 400,
      pollInitialMs: 1_000,
      pollMaxMs: 8_000,
      completionLimitMs: 60_000,
      graceMs: 30_000,
      documentLimitBytes: 1_000_000,
    },
  } as unknown as ActivityDependencies);
}

async function failureOf(
  run: (...args: never[]) => Promise<unknown>,
  args: unknown[],
  attempt = 1,
): Promise<ApplicationFailure> {
  const environment = new MockActivityEnvironment(
    { attempt, currentAttemptScheduledTimestampMs: temporalNow() },
    { logger },
  );
  const outcome = await environment.run(run as never, ...(args as never[])).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(ApplicationFailure);
  return outcome as ApplicationFailure;
}

describe('the retry policy', () => {
  it('reports an error as a code only: its message may quote data', async () => {
    const error = Object.assign(new Error('duplicate key: Jane Sample'), { code: '23505' });
    const { validateOrder } = activities(() => Promise.reject(error));
    const failure = await failureOf(validateOrder, ['an-order']);
    expect(failure).toMatchObject({ type: 'INTERNAL', message: '23505', nonRetryable: false });
    expect(failure.cause).toBeUndefined();
    expect(failure.stack).not.toContain('Jane');
    expect(failure.stack).toContain('create-activities.test.ts');
  });

  it('waits at least as long as Retry-After', async () => {
    const place = () => {
      throw new PharmacyUnavailableError('PHARMACY_HTTP_429', { retryAfterMs: 7_000 });
    };
    const { placeOrder } = activities(async () => [ROW], { place });
    expect(await failureOf(placeOrder, ['an-order'])).toMatchObject({
      type: 'PHARMACY_UNAVAILABLE',
      message: 'PHARMACY_HTTP_429',
      nextRetryDelay: 7_000,
    });
  });

  it('waits first when a local attempt before failed, and shows its failure', async () => {
    const place = vi.fn(async () => {
      throw new PharmacyUnavailableError('PHARMACY_TIMEOUT');
    });
    const { placeOrder } = activities(async () => [ROW], { place });
    const failed = { type: 'PHARMACY_UNAVAILABLE', code: 'PHARMACY_HTTP_503', delayMs: 9_000 };
    expect(await failureOf(placeOrder, ['an-order', failed])).toMatchObject({
      ...{ type: failed.type, message: failed.code, nextRetryDelay: failed.delayMs },
      nonRetryable: false,
    });
    expect(place).not.toHaveBeenCalled();
    expect(await failureOf(placeOrder, ['an-order', failed], 2)).toMatchObject({
      message: 'PHARMACY_TIMEOUT',
    });
    expect(place).toHaveBeenCalledOnce();
  });

  it('never waits beyond the limit of the order, after which the order needs attention', async () => {
    const place = () => {
      throw new PharmacyUnavailableError('PHARMACY_HTTP_429', { retryAfterMs: 50_000 });
    };
    const left = async (row: Partial<typeof ROW>) => {
      const { placeOrder } = activities(async () => [{ ...ROW, ...row }], { place });
      return (await failureOf(placeOrder, ['an-order'])).nextRetryDelay;
    };
    expect(await left({ failingMs: 0 })).toBe(50_000);
    expect(await left({ failingMs: 57_000 })).toBe(3_000);
    expect(await left({ failingMs: 2_000, completionLimitMs: '9000' })).toBe(7_000);
  });

  it('waits between half of the cap and the cap after many attempts', async () => {
    const place = () => {
      throw new PharmacyUnavailableError('PHARMACY_TIMEOUT');
    };
    const { placeOrder } = activities(async () => [ROW], { place });
    const { nextRetryDelay } = await failureOf(placeOrder, ['an-order'], 50);
    expect(nextRetryDelay).toBeGreaterThanOrEqual(200);
    expect(nextRetryDelay).toBeLessThanOrEqual(400);
  });
});

describe('lookForCompletion', () => {
  const row = { ...ROW, status: 'AWAITING_COMPLETION', pharmacyOrderId: 'theirs' };
  const open = {
    get: async () => ({ reference: ROW.id, status: 'in_progress' }),
  } as unknown as PharmacyGateway;
  const poll = activities(async () => [row], open).lookForCompletion;

  it('fails as BENIGN while the order is open, and names the delay of the next poll', async () => {
    const failure = await failureOf(poll, ['an-order', temporalNow() + 60_000], 3);
    expect(failure).toMatchObject({
      type: 'NOT_COMPLETED_YET',
      category: ApplicationFailureCategory.BENIGN,
    });
    expect(failure.nextRetryDelay).toBeGreaterThanOrEqual(2_000);
    expect(failure.nextRetryDelay).toBeLessThanOrEqual(4_000);
  });

  it('never waits beyond the limit', async () => {
    const { nextRetryDelay } = await failureOf(poll, ['an-order', temporalNow() + 1_000], 30);
    expect(nextRetryDelay).toBeLessThanOrEqual(1_000);
  });

  it('returns too-late after the limit', async () => {
    const environment = new MockActivityEnvironment(
      { currentAttemptScheduledTimestampMs: temporalNow() },
      { logger },
    );
    expect(await environment.run(poll, 'an-order', temporalNow() - 1_000)).toBe('too-late');
  });
});
