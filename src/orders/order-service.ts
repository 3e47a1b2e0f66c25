import type { OrderView } from '../contract/order.ts';
import { type Database, inTime } from '../storage/database.ts';
import { type Acceptance, acceptOrder } from './accept-order.ts';
import { authenticate, type Caller } from './authenticate.ts';
import { type CancelRequest, cancelOrder } from './cancel-order.ts';
import { createDispatcherBell } from './dispatcher-bell.ts';
import { CaseNotPermittedError, OrderNotFoundError } from './errors.ts';
import { type PharmacyMessage, receiveMessage } from './inbox.ts';
import {
  isCaseOf,
  type OrderKey,
  readDocument,
  readOrder,
  type StoredDocument,
} from './read-order.ts';

/**
 * What the HTTP layer asks of the orders. Each call is bounded in time and throws, beside its own
 * errors, the database's: see `isDatabaseUnavailable`.
 */
export interface OrderService {
  /** Whose API key this is; undefined for one that opens nothing. */
  authenticate(apiKey: string): Promise<Caller | undefined>;
  /** Accepts an order; see {@link acceptOrder} for what it throws. */
  accept(acceptance: Acceptance): Promise<{ orderId: string }>;
  /**
   * @throws {CaseNotPermittedError} the case is not the organization's.
   * @throws {OrderNotFoundError} the case has no such order.
   */
  read(key: Required<OrderKey>): Promise<OrderView>;
  /** As {@link OrderService.read}, for one document of the order. */
  readDocument(key: Required<OrderKey>, documentId: string): Promise<StoredDocument>;
  /**
   * Asks for an order's cancellation; see {@link cancelOrder}. Read the order afterwards.
   *
   * @throws {CaseNotPermittedError} the case is not the organization's.
   * @throws {OrderNotFoundError} the case has no such order.
   * @throws {OrderNotCancellableError} the order has ended.
   */
  cancel(key: Required<OrderKey>, by: CancelRequest): Promise<void>;
  /** Takes in a pharmacy's message; see {@link receiveMessage}. */
  receive(pharmacyId: string, message: PharmacyMessage): Promise<'stored' | 'duplicate'>;
  /** Resolves when the database serves. */
  check(): Promise<void>;
}

/**
 * The orders on a database.
 *
 * @param hashSecret keys the hashes of API keys and fingerprints.
 */
export function createOrderService(database: Database, hashSecret: string): OrderService {
  /** What hangs below another organization's case is not "not found" but forbidden. */
  async function belowCase<T>(key: Required<OrderKey>, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (!(error instanceof OrderNotFoundError)) throw error;
      if (await isCaseOf(database, key.organizationId, key.caseId)) throw error;
      throw new CaseNotPermittedError();
    }
  }

  const ringDispatchers = createDispatcherBell(database);

  return {
    authenticate: (apiKey) => inTime(authenticate(database, hashSecret, apiKey)),
    async accept(acceptance) {
      const accepted = await inTime(acceptOrder(database, hashSecret, acceptance));
      ringDispatchers();
      return accepted;
    },
    read: (key) => inTime(belowCase(key, readOrder(database, key))),
    readDocument: (key, documentId) =>
      inTime(belowCase(key, readDocument(database, key, documentId))),
    async cancel(key, by) {
      await inTime(belowCase(key, cancelOrder(database, key, by)));
      ringDispatchers();
    },
    async receive(pharmacyId, message) {
      const outcome = await inTime(receiveMessage(database, pharmacyId, message));
      if (outcome === 'stored') ringDispatchers();
      return outcome;
    },
    check: async () => {
      await inTime(database`SELECT 1`);
    },
  };
}
