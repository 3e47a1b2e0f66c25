import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { recordAudit } from './audit/record-audit.ts';
import { parseCancelOrder } from './contract/cancel-order.ts';
import type { OrderStatus, OrderView } from './contract/order.ts';
import { type PrescriptionOrder, parsePlaceOrder } from './contract/place-order.ts';
import { createKeyProvider, type KmsSettings } from './keys/create-key-provider.ts';
import { KeyServiceError } from './keys/key-provider.ts';
import { parseKeyRing } from './keys/key-ring.ts';
import { acceptOrder } from './orders/accept-order.ts';
import { cancelOrder } from './orders/cancellation.ts';
import { createDispatcherNotifier } from './orders/dispatcher-notifier.ts';
import { receiveMessage } from './orders/inbox.ts';
import { InvalidOrderError, OrderTimeoutError } from './orders/order-errors.ts';
import type { PharmacyMessage } from './orders/pharmacy-message.ts';
import { readOrder } from './orders/read-order.ts';
import { retryOrder } from './orders/repairs/operator-actions.ts';
import { isEnd } from './orders/status.ts';
import { isDatabaseUnavailable, openDatabase, withTimeout } from './storage/database.ts';
import { connectionScope } from './storage/row-level-security.ts';
import { inTransaction } from './storage/transaction.ts';
import { createDataConverter } from './temporal/data-converter.ts';
import type { TemporalOptions } from './temporal/temporal-options.ts';
import { waitForWorkflow } from './temporal/wait-for-workflow.ts';
import { orderWorkflowId } from './workflows/order-messages.ts';

export type { OrderStatus, OrderView } from './contract/order.ts';
export type { PrescriptionOrder } from './contract/place-order.ts';
export {
  CaseNotPermittedError,
  IdempotencyConflictError,
  InvalidOrderError,
  OrderNotCancellableError,
  OrderNotFoundError,
  OrderTimeoutError,
} from './orders/order-errors.ts';
export { RepairRefusedError, TemporalUnavailableError } from './orders/repairs/repair-errors.ts';
export type { TemporalOptions } from './temporal/temporal-options.ts';

/** Longest single wait on Temporal inside {@link OrderHandle.result}, in milliseconds. */
const WAIT_SLICE_MS = 10_000;
/** Longest wait for Temporal's answer to {@link OrderHandle.describe}, in milliseconds. */
const DESCRIBE_LIMIT_MS = 5_000;
/** How often an order is read while Postgres is away, in milliseconds. */
const LOOK_MS = 500;

/** Who does what is done by a client, for the audit log: code of ours has no key. */
const BY = { actorKind: 'system', actor: 'order-client' } as const;

/** What {@link createOrderClient} connects to and on whose behalf. */
export interface OrderClientOptions {
  /** The organization that everything is done for; orders of others are not found. */
  readonly organizationId: string;
  /** `postgres://…` of the orders' database. */
  readonly databaseUrl: string;
  /** The deployment's `HASH_SECRET`: the same as the server's, or repeated payloads look different. */
  readonly hashSecret: string;
  /** The deployment's `ENCRYPTION_KEYS`: the same as the server's, or nothing that it stored opens. */
  readonly encryptionKeys: string;
  /** The deployment's keys in AWS KMS (its `KMS_…` variables), where it has some. */
  readonly kms?: KmsSettings;
  /** How to reach Temporal. */
  readonly temporal: TemporalOptions;
}

/** An order to place: what the endpoint takes, without the envelope. */
export interface PlaceOrderInput {
  readonly caseId: string;
  readonly order: PrescriptionOrder;
  /** Prevents a duplicate; unique within the organization. */
  readonly idempotencyKey?: string;
}

/** Places orders from backend code and follows them; made by {@link createOrderClient}. */
export interface OrderClient {
  /**
   * Places an order by the same schema and the same transaction as the endpoint. When it resolves,
   * the order survives any crash; its workflow starts by itself.
   *
   * @throws {InvalidOrderError} names every field that breaks a rule.
   * @throws {CaseNotPermittedError} the case is not the organization's.
   * @throws {IdempotencyConflictError} the key is used; `existing` names the order of an equal payload.
   */
  place(input: PlaceOrderInput): Promise<OrderHandle>;
  /**
   * Reads an order, its documents and shipments.
   *
   * @throws {OrderNotFoundError} the organization has no such order.
   */
  get(orderId: string): Promise<OrderView>;
  /** The handle of an order that was placed before; nothing is looked up until it is used. */
  handle(orderId: string): OrderHandle;
  /** Closes the connections; waits in flight end with an error. */
  close(): Promise<void>;
}

/** One order. Every call can throw {@link OrderNotFoundError}. */
export interface OrderHandle {
  readonly orderId: string;
  /** Where the order is now, from Postgres: it answers with Temporal away, too. */
  status(): Promise<OrderStatus>;
  /**
   * Waits for the order's end, which may be weeks away, and returns the order. An end that is no
   * success is returned too, not thrown: look at `status` and `reason`. An order that needs
   * attention has not ended; give a time-out to learn of it.
   *
   * @param options.timeoutMs how long to wait; without it, for ever.
   * @throws {OrderTimeoutError} it had not ended by then; carries the status that it had.
   */
  result(options?: { readonly timeoutMs?: number }): Promise<OrderView>;
  /**
   * Tells the order that its pharmacy is done with it: what a webhook handler of one's own calls.
   * Messages of the same `webhookId`, which is the pharmacy's own id of the message, count once; one
   * that comes late or early does no harm. Stored when it resolves, so that the pharmacy can be
   * answered 2xx.
   */
  signalCompletion(message: {
    readonly webhookId: string;
    readonly status: 'completed' | 'rejected' | 'cancelled';
  }): Promise<void>;
  /**
   * Asks for the order's cancellation, at any time before its end; resolves when the request is
   * stored. An order that was never sent is `CANCELLED` then. One that the pharmacy may have is asked
   * back there: wait for {@link OrderHandle.result}, which is `CANCELLED`, or whatever the order came
   * to when it was too late. Asking again while a request is pending changes nothing.
   *
   * @param reason words for the order's reader, at most 1,000 characters; never logged.
   * @throws {InvalidOrderError} the reason breaks its rule.
   * @throws {OrderNotCancellableError} it has ended.
   */
  cancel(reason?: string): Promise<void>;
  /**
   * Sends the order on when it is `NEEDS_ATTENTION`. Who and why stay in Postgres, for operators.
   * Resolves when the order is on its way.
   *
   * @param request.pharmacyOrderId the pharmacy's id of the order, where ours is missing or wrong:
   *   that order is adopted when it is ours there, and none is placed.
   * @throws {RepairRefusedError} it is not `NEEDS_ATTENTION`, or another order has that id; `code`.
   * @throws {TemporalUnavailableError} Temporal or every worker is away.
   */
  retry(request: {
    readonly by: string;
    readonly reason: string;
    readonly pharmacyOrderId?: string;
  }): Promise<void>;
  /**
   * Where people find the order in Temporal. It asks Temporal, for at most five seconds.
   *
   * @throws {Error} the SDK's `ServiceError`: Temporal is away.
   */
  describe(): Promise<OrderDescription>;
}

/** An order in Temporal. */
export interface OrderDescription {
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly workflowId: string;
  /** Undefined until the workflow has started. */
  readonly runId?: string;
  /** Events in the workflow's history. */
  readonly historyLength?: number;
  /** The order's page in the Temporal UI, where the UI's address is known. */
  readonly uiUrl?: string;
}

/**
 * Connects backend code to the orders of one organization, without HTTP. Connecting is lazy, so
 * that orders can be placed while Temporal is away. Call `close()` when done.
 *
 * @throws {KeyRingError} `encryptionKeys` is no key ring.
 */
export function createOrderClient(options: OrderClientOptions): OrderClient {
  const { organizationId, hashSecret } = options;
  const encryptionKeys = parseKeyRing(options.encryptionKeys);
  const { namespace = 'default', uiUrl, ...connectionOptions } = options.temporal;
  const database = openDatabase(options.databaseUrl, 5, {
    keys: createKeyProvider({ encryptionKeys, kms: options.kms }),
    settings: connectionScope(organizationId),
  });
  // No retries beneath ours: they would hide a Temporal that is away, and outlive a `close()`.
  const connection = Connection.lazy({ interceptors: [], ...connectionOptions });
  const dataConverter = createDataConverter(encryptionKeys);
  const temporal = new Client({ connection, namespace, dataConverter });
  const notifyDispatchers = createDispatcherNotifier(database);
  const closing = new AbortController();

  const read = (orderId: string) => withTimeout(readOrder(database, { organizationId, orderId }));

  /** Records that an order is handed over, before it is. */
  async function recorded(order: OrderView): Promise<OrderView> {
    const entry = { ...BY, action: 'ORDER_READ', organizationId, orderId: order.id, result: 'OK' };
    await withTimeout(recordAudit(database, entry));
    return order;
  }

  function handle(orderId: string): OrderHandle {
    const workflowId = orderWorkflowId(orderId);
    const workflow = temporal.workflow.getHandle(workflowId);

    return {
      orderId,
      status: async () => (await read(orderId)).status,

      async result({ timeoutMs = Number.POSITIVE_INFINITY } = {}) {
        const end = Date.now() + timeoutMs;
        const look = async () => {
          const order = await read(orderId);
          return isEnd(order.status) ? await recorded(order) : order;
        };
        for (;;) {
          const order = await look().catch(async (error: unknown) => {
            // A wait of weeks outlives a restart of Postgres, or of a KMS.
            const passes = isDatabaseUnavailable(error) || error instanceof KeyServiceError;
            if (closing.signal.aborted || !passes || Date.now() > end) throw error;
            await sleep(LOOK_MS);
          });
          if (order === undefined) continue;
          if (isEnd(order.status)) return order;
          const left = end - Date.now();
          if (left <= 0) throw new OrderTimeoutError(order.status);
          const ms = Math.min(left, WAIT_SLICE_MS);
          await waitForWorkflow(connection, workflow, ms, closing.signal);
        }
      },

      async signalCompletion({ webhookId, status }) {
        const { pharmacyId } = await read(orderId);
        const message: PharmacyMessage = { webhookId, type: status, reference: orderId };
        await withTimeout(receiveMessage(database, pharmacyId, message, BY));
        notifyDispatchers();
      },

      async cancel(reason) {
        const parsed = parseCancelOrder({ action: 'CANCEL_ORDER', orderId, reason });
        if (!parsed.ok) throw new InvalidOrderError(parsed.errors);
        const request = { actor: 'api', ...(reason === undefined ? {} : { reason }) } as const;
        const key = { organizationId, orderId };
        await withTimeout(inTransaction(database, (sql) => cancelOrder(sql, key, request, BY)));
        notifyDispatchers();
      },

      async retry(request) {
        await read(orderId); // only an order of the organization
        await retryOrder({ database, temporal }, orderId, request);
      },

      async describe() {
        const { status } = await read(orderId);
        const page = `/namespaces/${namespace}/workflows/${workflowId}`;
        const base = {
          orderId,
          status,
          workflowId,
          ...(uiUrl === undefined ? {} : { uiUrl: uiUrl.replace(/\/+$/, '') + page }),
        };
        try {
          const { runId, historyLength } = await connection.withDeadline(
            Date.now() + DESCRIBE_LIMIT_MS,
            () => workflow.describe(),
          );
          return { ...base, runId, historyLength };
        } catch (error) {
          if (error instanceof WorkflowNotFoundError) return base;
          throw error;
        }
      },
    };
  }

  return {
    async place({ caseId, order, idempotencyKey }) {
      const parsed = parsePlaceOrder({ action: 'PLACE_ORDER', idempotencyKey, order });
      if (!parsed.ok) throw new InvalidOrderError(parsed.errors);
      const acceptance = { organizationId, caseId, request: parsed.value, by: BY };
      const { orderId } = await acceptOrder(database, hashSecret, acceptance);
      notifyDispatchers();
      return handle(orderId);
    },
    get: async (orderId) => await recorded(await read(orderId)),
    handle,
    async close() {
      closing.abort(); // the waits in flight
      await connection.close();
      await database.end({ timeout: 2 });
    },
  };
}
