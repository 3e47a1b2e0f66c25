import type { AuditSource } from '../audit/record-audit.ts';
import type { ActivityPage, OrderPage, OrderView } from '../contract/order.ts';
import type { OrdersQuery, PageQuery } from '../contract/order-query.ts';
import { authenticate, type Caller } from '../organizations/authenticate.ts';
import { createAllotments, type RateLimit } from '../organizations/rate-limit.ts';
import type { Log } from '../process/log.ts';
import { type Database, inTime, type Transaction } from '../storage/database.ts';
import { forOrganization } from '../storage/scope.ts';
import { type Acceptance, acceptOrder } from './accept-order.ts';
import { createOutboxGauge, createQueue } from './backpressure.ts';
import { type CancelRequest, cancelOrder } from './cancellation.ts';
import { createDispatcherNotifier } from './dispatcher-notifier.ts';
import { receiveMessage } from './inbox.ts';
import { listActivity, listOrders } from './list-orders.ts';
import { CaseNotPermittedError, OrderNotFoundError } from './order-errors.ts';
import type { PharmacyMessage } from './pharmacy-message.ts';
import { type Candidate, validateOrder } from './preconditions.ts';
import {
  isCaseOf,
  type OrderRef,
  readDocument,
  readLinkedDocument,
  readOrder,
  readOrderByIdempotencyKey,
  type StoredDocument,
} from './read-order.ts';

/**
 * What the HTTP layer asks of the orders. Each call is bounded in time and throws, beside its own
 * errors, the database's: see `isDatabaseUnavailable`.
 */
export interface OrderService {
  /**
   * Whose API key this is; undefined for one that opens nothing.
   *
   * @throws {RateLimitedError} the key is used more often than it may be.
   * @throws {OverloadedError} too many calls wait for the database.
   */
  authenticate(apiKey: string): Promise<Caller | undefined>;
  /**
   * Accepts an order; see {@link acceptOrder} for what it throws.
   *
   * @throws {OverloadedError} too many orders wait to be started.
   */
  accept(acceptance: Acceptance): Promise<{ orderId: string }>;
  /** Checks an order and stores nothing; see {@link validateOrder} for what it throws. */
  validate(candidate: Candidate): Promise<void>;
  /**
   * @throws {CaseNotPermittedError} the case is not the organization's.
   * @throws {OrderNotFoundError} the case has no such order.
   */
  read(key: Required<OrderRef>): Promise<OrderView>;
  /** As {@link OrderService.read}, for one document of the order. */
  readDocument(key: Required<OrderRef>, documentId: string): Promise<StoredDocument>;
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
  /** The order's timeline; as {@link OrderService.read}, and see {@link listActivity}. */
  activity(key: Required<OrderRef>, query: PageQuery): Promise<ActivityPage>;
  /**
   * Asks for an order's cancellation; see {@link cancelOrder}. Read the order afterwards.
   *
   * @throws {CaseNotPermittedError} the case is not the organization's.
   * @throws {OrderNotFoundError} the case has no such order.
   * @throws {OrderNotCancellableError} the order has ended.
   */
  cancel(key: Required<OrderRef>, request: CancelRequest, by: AuditSource): Promise<void>;
  /** Takes in a pharmacy's message; see {@link receiveMessage}. */
  receive(
    pharmacyId: string,
    message: PharmacyMessage,
    by: AuditSource,
  ): Promise<'stored' | 'duplicate'>;
  /** Resolves when the database serves. */
  check(): Promise<void>;
}

/** How the orders are served. */
export interface OrderServiceSettings {
  /** Keys the hashes of API keys and fingerprints. */
  readonly hashSecret: string;
  readonly rateLimit: RateLimit;
  /** Rows of the outbox beyond which no orders are taken. */
  readonly outboxLimit: number;
  /** Calls of this process that may wait for the database at once. */
  readonly queueLimit: number;
}

/** The orders on a database. */
export function createOrderService(
  database: Database,
  settings: OrderServiceSettings,
  log: Log,
): OrderService {
  const { hashSecret, rateLimit } = settings;
  const allotments = createAllotments(rateLimit);
  const queue = createQueue(settings.queueLimit, log);
  const outbox = createOutboxGauge(database, settings.outboxLimit, log);
  const bounded = <T>(call: () => Promise<T>) => queue.run(() => inTime(call()));
  const scoped = <T>(organizationId: string, work: (sql: Transaction) => Promise<T>) =>
    bounded(() => forOrganization(database, organizationId, work));

  /** What hangs below another organization's case is not "not found" but forbidden. */
  async function belowCase<T>(
    key: Required<OrderRef>,
    work: (sql: Transaction) => Promise<T>,
  ): Promise<T> {
    return await scoped(key.organizationId, async (sql) => {
      try {
        return await work(sql);
      } catch (error) {
        if (!(error instanceof OrderNotFoundError)) throw error;
        if (await isCaseOf(sql, key.organizationId, key.caseId)) throw error;
        throw new CaseNotPermittedError();
      }
    });
  }

  const notifyDispatchers = createDispatcherNotifier(database);

  return {
    async authenticate(apiKey) {
      queue.admit();
      return await bounded(() => authenticate(database, settings, allotments, apiKey));
    },
    async accept(acceptance) {
      outbox.admit();
      // It bounds itself.
      const accepted = await queue.run(() => acceptOrder(database, hashSecret, acceptance));
      notifyDispatchers();
      return accepted;
    },
    validate: (candidate) =>
      scoped(candidate.organizationId, (sql) => validateOrder(sql, candidate)),
    read: (key) => belowCase(key, (sql) => readOrder(sql, key)),
    readDocument: (key, documentId) => belowCase(key, (sql) => readDocument(sql, key, documentId)),
    readLinkedDocument: (documentId) => bounded(() => readLinkedDocument(database, documentId)),
    readByIdempotencyKey: (organizationId, key) =>
      scoped(organizationId, (sql) =>
        readOrderByIdempotencyKey(sql, hashSecret, organizationId, key),
      ),
    list: (owner, query) =>
      scoped(owner.organizationId, async (sql) => {
        const { organizationId, caseId } = owner;
        if (caseId !== undefined && !(await isCaseOf(sql, organizationId, caseId))) {
          throw new CaseNotPermittedError();
        }
        return await listOrders(sql, owner, query);
      }),
    activity: (key, query) =>
      belowCase(key, async (sql) => {
        const { id } = await readOrder(sql, key);
        return await listActivity(sql, id, query);
      }),
    async cancel(key, request, by) {
      await belowCase(key, (sql) => cancelOrder(sql, key, request, by));
      notifyDispatchers();
    },
    async receive(pharmacyId, message, by) {
      const outcome = await bounded(() => receiveMessage(database, pharmacyId, message, by));
      if (outcome === 'stored') notifyDispatchers();
      return outcome;
    },
    check: async () => {
      await inTime(database`SELECT 1`);
    },
  };
}
