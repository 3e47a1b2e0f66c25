import type { AuditSource } from '../audit/record-audit.ts';
import type { ActivityPage, OrderPage, OrderView } from '../contract/order.ts';
import type { OrdersQuery, PageQuery } from '../contract/order-query.ts';
import type { OrderWarning, PharmacyPage } from '../contract/pharmacy.ts';
import { type Caller, createAuthentication } from '../organizations/authenticate.ts';
import type { RateLimit } from '../organizations/rate-limit.ts';
import type { Log } from '../process/log.ts';
import { type Database, type Transaction, withTimeout } from '../storage/database.ts';
import { forOrganization } from '../storage/row-level-security.ts';
import { type Acceptance, acceptOrder } from './accept-order.ts';
import { createOutboxGauge, createQueue } from './backpressure.ts';
import { type CancelRequest, cancelOrder } from './cancellation.ts';
import { createStartNotifier } from './dispatcher-notifier.ts';
import { createGroupCommit } from './group-commit.ts';
import { receiveMessage } from './inbox.ts';
import { listActivity, listOrders } from './list-orders.ts';
import { CaseNotPermittedError, OrderNotFoundError } from './order-errors.ts';
import { listPharmacies } from './pharmacy-access.ts';
import type { PharmacyMessage } from './pharmacy-message.ts';
import { type Candidate, validateOrder } from './preconditions.ts';
import {
  isCaseOf,
  type LinkedDocument,
  type OrderRef,
  readDocument,
  readLinkedDocument,
  readOrder,
  readOrderByIdempotencyKey,
  type StoredDocument,
} from './read-order.ts';
import { storeOrders } from './store-orders.ts';

/**
 * The order operations of the HTTP layer. Each call has a time limit. In addition to the errors listed
 * here, each may throw the database's: see `isDatabaseUnavailable`.
 */
export interface OrderService {
  /**
   * Finds the owner of an API key; undefined for a key that is unknown, revoked or expired.
   *
   * @throws {RateLimitedError} the key has exceeded its rate limit.
   * @throws {OverloadedError} too many calls wait for the database.
   */
  authenticate(apiKey: string): Promise<Caller | undefined>;
  /**
   * Accepts an order; see {@link acceptOrder}, also for its errors.
   *
   * @throws {OverloadedError} too many orders wait to be started.
   */
  accept(acceptance: Acceptance): Promise<{ orderId: string }>;
  /** Checks an order and stores nothing; see {@link validateOrder}, also for its errors. */
  validate(candidate: Candidate): Promise<OrderWarning[]>;
  /** Lists the pharmacies where an organization can place orders; see {@link listPharmacies}. */
  pharmacies(organizationId: string, query: PageQuery): Promise<PharmacyPage>;
  /**
   * Reads an order; see {@link readOrder}.
   *
   * @throws {CaseNotPermittedError} the case does not belong to the organization.
   * @throws {OrderNotFoundError} the case has no such order.
   */
  read(key: Required<OrderRef>): Promise<OrderView>;
  /** Reads one document of an order; throws what {@link OrderService.read} throws. */
  readDocument(key: Required<OrderRef>, documentId: string): Promise<StoredDocument>;
  /** Finds a document for a caller with a valid link to it; see {@link readLinkedDocument}. */
  readLinkedDocument(documentId: string): Promise<LinkedDocument>;
  /** Finds the order that has an idempotency key; see {@link readOrderByIdempotencyKey}. */
  readByIdempotencyKey(organizationId: string, idempotencyKey: string): Promise<OrderView>;
  /**
   * Lists the orders of one case or of all cases; see {@link listOrders}.
   *
   * @throws {CaseNotPermittedError} the case does not belong to the organization.
   */
  list(
    owner: { readonly organizationId: string; readonly caseId?: string },
    query: OrdersQuery,
  ): Promise<OrderPage>;
  /** Lists an order's timeline; see {@link listActivity}. Throws what {@link OrderService.read} throws. */
  activity(key: Required<OrderRef>, query: PageQuery): Promise<ActivityPage>;
  /**
   * Requests an order's cancellation; see {@link cancelOrder}. Read the order for the outcome.
   *
   * @throws {CaseNotPermittedError} the case does not belong to the organization.
   * @throws {OrderNotFoundError} the case has no such order.
   * @throws {OrderNotCancellableError} the order has ended.
   */
  cancel(key: Required<OrderRef>, request: CancelRequest, by: AuditSource): Promise<void>;
  /** Stores a pharmacy's message; see {@link receiveMessage}. */
  receive(
    pharmacyId: string,
    message: PharmacyMessage,
    by: AuditSource,
  ): Promise<'stored' | 'duplicate'>;
  /** Resolves if the database answers. */
  check(): Promise<void>;
}

/** The settings of the order service. */
export interface OrderServiceSettings {
  /** The key of the hashes of API keys, idempotency keys and fingerprints. */
  readonly hashSecret: string;
  readonly rateLimit: RateLimit;
  /** The outbox depth, in rows, from which on orders are refused. */
  readonly outboxLimit: number;
  /** The largest number of calls of this process that may wait for the database at once. */
  readonly queueLimit: number;
}

/** Creates the order service on a database. */
export function createOrderService(
  database: Database,
  settings: OrderServiceSettings,
  log: Log,
): OrderService {
  const { hashSecret } = settings;
  const authenticate = createAuthentication(database, settings);
  const queue = createQueue(settings.queueLimit, log);
  const outbox = createOutboxGauge(database, settings.outboxLimit, log);
  const bounded = <T>(call: () => Promise<T>) => queue.run(() => withTimeout(call()));
  const scoped = <T>(organizationId: string, work: (sql: Transaction) => Promise<T>) =>
    bounded(() => forOrganization(database, organizationId, work));

  /** Runs a call below a case: another organization's case is forbidden (403), not missing (404). */
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

  const notifyOfStart = createStartNotifier(database);
  const store = createGroupCommit(async (...batch) => {
    const outcomes = await storeOrders(database, ...batch);
    if (outcomes.some(({ accepted }) => accepted)) notifyOfStart();
    return outcomes;
  });

  return {
    async authenticate(apiKey) {
      queue.admit();
      const caller = authenticate(apiKey);
      return caller instanceof Promise ? await bounded(() => caller) : caller;
    },
    async accept(acceptance) {
      outbox.admit();
      // Not `bounded`: storing an order has its own time limit, which rolls back.
      return await queue.run(() => acceptOrder(database, hashSecret, acceptance, store));
    },
    validate: (candidate) =>
      scoped(candidate.organizationId, (sql) => validateOrder(sql, candidate)),
    pharmacies: (organizationId, query) =>
      scoped(organizationId, (sql) => listPharmacies(sql, organizationId, query)),
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
    },
    async receive(pharmacyId, message, by) {
      return await bounded(() => receiveMessage(database, pharmacyId, message, by));
    },
    check: async () => {
      await withTimeout(database`SELECT 1`);
    },
  };
}
