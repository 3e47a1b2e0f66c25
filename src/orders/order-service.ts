import type { ActivityPage, OrderPage, OrderView } from '../contract/order.ts';
import type { OrdersQuery, PageQuery } from '../contract/order-query.ts';
import { type Database, inTime } from '../storage/database.ts';
import { type Acceptance, acceptOrder } from './accept-order.ts';
import { authenticate, type Caller } from './authenticate.ts';
import { cancelOrder } from './cancel-order.ts';
import type { Actor } from './change-status.ts';
import { createDispatcherBell } from './dispatcher-bell.ts';
import { CaseNotPermittedError, OrderNotFoundError } from './errors.ts';
import { type PharmacyMessage, receiveMessage } from './inbox.ts';
import { listActivity, listOrders } from './list-orders.ts';
import { type OutboxBacklog, readOutboxBacklog } from './outbox-backlog.ts';
import type { Candidate } from './preconditions.ts';
import {
  isCaseOf,
  type OrderKey,
  readDocument,
  readLinkedDocument,
  readOrder,
  readOrderByIdempotencyKey,
  type StoredDocument,
} from './read-order.ts';
import { validateOrder } from './validate-order.ts';

/**
 * What the HTTP layer asks of the orders. Each call is bounded in time and throws, beside its own
 * errors, the database's: see `isDatabaseUnavailable`.
 */
export interface OrderService {
  /** Whose API key this is; undefined for one that opens nothing. */
  authenticate(apiKey: string): Promise<Caller | undefined>;
  /** Accepts an order; see {@link acceptOrder} for what it throws. */
  accept(acceptance: Acceptance): Promise<{ orderId: string }>;
  /** Checks an order and stores nothing; see {@link validateOrder} for what it throws. */
  validate(candidate: Candidate): Promise<void>;
  /**
   * @throws {CaseNotPermittedError} the case is not the organization's.
   * @throws {OrderNotFoundError} the case has no such order.
   */
  read(key: Required<OrderKey>): Promise<OrderView>;
  /** As {@link OrderService.read}, for one document of the order. */
  readDocument(key: Required<OrderKey>, documentId: string): Promise<StoredDocument>;
  /** Finds a document for whoever holds a valid link to it; see {@link readLinkedDocument}. */
  readLinkedDocument(documentId: string): Promise<StoredDocument>;
  /** The order that holds a key of the organization; see {@link readOrderByIdempotencyKey}. */
  readByIdempotencyKey(organizationId: string, idempotencyKey: string): Promise<OrderView>;
  /**
   * Lists orders, of one case or of all; see {@link listOrders}.
   *
   * @throws {CaseNotPermittedError} the case is not the organization's.
   */
  list(
    owner: { readonly organizationId: string; readonly caseId?: string },
    query: OrdersQuery,
  ): Promise<OrderPage>;
  /** Cancels an order; as {@link OrderService.read}, and see {@link cancelOrder}. */
  cancel(key: Required<OrderKey>, by: { actor: Actor; reason?: string }): Promise<void>;
  /** The order's timeline; as {@link OrderService.read}, and see {@link listActivity}. */
  activity(key: Required<OrderKey>, query: PageQuery): Promise<ActivityPage>;
  /** Takes in a pharmacy's message; see {@link receiveMessage}. */
  receive(pharmacyId: string, message: PharmacyMessage): Promise<'stored' | 'duplicate'>;
  /** How much Temporal has not been told yet; for the metrics. */
  backlog(): Promise<OutboxBacklog>;
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
  async function belowCase<T>(key: Required<OrderKey>, read: Promise<T>): Promise<T> {
    try {
      return await read;
    } catch (error) {
      if (!(error instanceof OrderNotFoundError)) throw error;
      if (await isCaseOf(database, key.organizationId, key.caseId)) throw error;
      throw new CaseNotPermittedError();
    }
  }

  async function list(
    owner: { readonly organizationId: string; readonly caseId?: string },
    query: OrdersQuery,
  ): Promise<OrderPage> {
    const { organizationId, caseId } = owner;
    if (caseId !== undefined && !(await isCaseOf(database, organizationId, caseId))) {
      throw new CaseNotPermittedError();
    }
    return await listOrders(database, owner, query);
  }

  async function activity(key: Required<OrderKey>, query: PageQuery): Promise<ActivityPage> {
    const { id } = await readOrder(database, key);
    return await listActivity(database, id, query);
  }

  const ringDispatchers = createDispatcherBell(database);

  return {
    authenticate: (apiKey) => inTime(authenticate(database, hashSecret, apiKey)),
    async accept(acceptance) {
      const accepted = await inTime(acceptOrder(database, hashSecret, acceptance));
      ringDispatchers();
      return accepted;
    },
    validate: (candidate) => inTime(validateOrder(database, candidate)),
    read: (key) => inTime(belowCase(key, readOrder(database, key))),
    readDocument: (key, documentId) =>
      inTime(belowCase(key, readDocument(database, key, documentId))),
    readLinkedDocument: (documentId) => inTime(readLinkedDocument(database, documentId)),
    readByIdempotencyKey: (organizationId, key) =>
      inTime(readOrderByIdempotencyKey(database, organizationId, key)),
    list: (owner, query) => inTime(list(owner, query)),
    activity: (key, query) => inTime(belowCase(key, activity(key, query))),
    async cancel(key, by) {
      await inTime(belowCase(key, cancelOrder(database, key, by)));
      ringDispatchers();
    },
    async receive(pharmacyId, message) {
      const outcome = await inTime(receiveMessage(database, pharmacyId, message));
      if (outcome === 'stored') ringDispatchers();
      return outcome;
    },
    backlog: () => inTime(readOutboxBacklog(database)),
    check: async () => {
      await inTime(database`SELECT 1`);
    },
  };
}
