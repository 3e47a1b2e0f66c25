import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it, vi } from 'vitest';
import type { ActivityDependencies } from '../../../src/activities/dependencies.ts';
import {
  cancelAtPharmacy,
  isSettled,
  type PlacedOrder,
  readAtPharmacy,
} from '../../../src/activities/pharmacy-order.ts';
import type { PharmacyGateway, PharmacyOrder } from '../../../src/pharmacy/gateway.ts';
import {
  NotReadyError,
  PharmacyAnswerError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../../../src/pharmacy/pharmacy-errors.ts';
import { createSdkLog } from '../../../src/temporal/sdk-log.ts';
import { createKeptLog } from '../../support/logs.ts';

const logger = createSdkLog(createKeptLog());

const ID = '0198c0de-0000-7000-8000-00000000000a';
const ORDER: PlacedOrder = { id: ID, pharmacyOrderId: 'ph-1', sentForMs: 0 };
const LONG_AGO = 3_600_000;

const dependencies = {
  settings: { retryInitialMs: 1, retryMaxMs: 1, graceMs: 60_000, completionLimitMs: 60_000 },
} as unknown as ActivityDependencies;

const orderOf = (fields: Partial<PharmacyOrder> = {}) =>
  ({ id: 'ph-1', status: 'in_progress', ...fields }) as PharmacyOrder;

const unknownOrder = (code: string) => () => Promise.reject(new PharmacyFaultError(code));

function run<T>(work: () => Promise<T>): Promise<T> {
  return new MockActivityEnvironment({}, { logger }).run(work);
}

/** Reads an order whose pharmacy answers like this. */
const read = (get: () => Promise<PharmacyOrder>, order = ORDER) =>
  run(() => readAtPharmacy(dependencies, { get } as unknown as PharmacyGateway, order));

describe('readAtPharmacy', () => {
  it('accepts an answer without a reference, and a reference in another letter case', async () => {
    for (const reference of [undefined, ID, ID.toUpperCase()]) {
      expect(await read(async () => orderOf({ reference }))).toMatchObject({ id: 'ph-1' });
    }
  });

  it.each(['another', '', ID.replace('a', 'b'), 'PH-1'])(
    'refuses the order of the reference %j, which belongs to another patient',
    async (reference) => {
      const get = vi.fn(async () => orderOf({ reference }));
      await expect(read(get)).rejects.toEqual(new PharmacyFaultError('PHARMACY_OTHER_REFERENCE'));
      expect(get).toHaveBeenCalledOnce();
    },
  );

  it.each(['PHARMACY_HTTP_404', 'PHARMACY_ORDER_UNKNOWN'])(
    'waits for an order that was just placed after %s, but for no old one',
    async (code) => {
      await expect(read(unknownOrder(code))).rejects.toEqual(new NotReadyError(code));
      for (const sentForMs of [LONG_AGO, null]) {
        await expect(read(unknownOrder(code), { ...ORDER, sentForMs })).rejects.toEqual(
          new PharmacyFaultError(code),
        );
      }
    },
  );

  it('does not wait after another fault', async () => {
    const error = new PharmacyFaultError('PHARMACY_HTTP_401');
    await expect(read(unknownOrder('PHARMACY_HTTP_401'))).rejects.toEqual(error);
  });

  it('reads again after a bad answer', async () => {
    const get = vi
      .fn<() => Promise<PharmacyOrder>>()
      .mockRejectedValueOnce(new PharmacyAnswerError('PHARMACY_BAD_ANSWER', 'body'))
      .mockResolvedValue(orderOf());
    expect(await read(get)).toMatchObject({ id: 'ph-1' });
    expect(get).toHaveBeenCalledTimes(2);
  });
});

describe('cancelAtPharmacy', () => {
  type Status = PharmacyOrder['status'];

  /** Cancels an order with these statuses in the reads before and after the request. */
  async function cancel(
    [before, after]: readonly [Status, Status],
    answer: 'cancelled' | 'pending' | 'too-late',
  ) {
    const get = vi
      .fn<() => Promise<PharmacyOrder>>()
      .mockResolvedValueOnce(orderOf({ status: before }))
      .mockResolvedValueOnce(orderOf({ status: after }));
    const request = vi.fn(async () => answer);
    const gateway = { get, cancel: request } as unknown as PharmacyGateway;
    const outcome = await run(() => cancelAtPharmacy(dependencies, gateway, ORDER)).catch(
      (error: unknown) => error,
    );
    return { outcome, requests: request.mock.calls.length };
  }

  it('is granted by the pharmacy', async () => {
    expect(await cancel(['in_progress', 'in_progress'], 'cancelled')).toEqual({
      outcome: 'granted',
      requests: 1,
    });
  });

  it.each(['completed', 'rejected', 'cancelled'] as const)(
    'is not requested of an order that is %s',
    async (status) => {
      expect(await cancel([status, status], 'cancelled')).toEqual({ outcome: status, requests: 0 });
    },
  );

  it.each(['completed', 'rejected', 'cancelled', 'in_progress'] as const)(
    'reads the order again after a refusal: %s',
    async (status) => {
      expect(await cancel(['accepted', status], 'too-late')).toEqual({
        outcome: status,
        requests: 1,
      });
    },
  );

  it.each(['completed', 'rejected', 'cancelled'] as const)(
    'is settled by the read after a pending answer: %s',
    async (status) => {
      expect(await cancel(['accepted', status], 'pending')).toMatchObject({ outcome: status });
    },
  );

  it.each(['accepted', 'in_progress'] as const)(
    'stays pending while the pharmacy has not decided: %s',
    async (status) => {
      expect(await cancel(['accepted', status], 'pending')).toEqual({
        outcome: new PharmacyUnavailableError('PHARMACY_CANCELLATION_PENDING'),
        requests: 1,
      });
    },
  );

  it('knows which statuses are final', () => {
    const statuses = ['accepted', 'in_progress', 'completed', 'rejected', 'cancelled'] as const;
    expect(statuses.filter((status) => isSettled({ status }))).toEqual([
      'completed',
      'rejected',
      'cancelled',
    ]);
  });
});
