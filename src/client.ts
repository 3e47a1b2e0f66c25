import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { recordAudit } from './audit/record-audit.ts';
import { parseCancelOrder } from './contract/cancel-order.ts';
import type { OrderStatus, OrderView } from './contract/order.ts';
import { type PrescriptionOrder, parsePlaceOrder } from './contract/place-order.ts';
import { createKeyProvider, type KmsSettings } from './keys/create-key-provider.ts';
import { KeyServiceError } from './keys/key-provider.ts';
import { parseKeyRing } from './keys/key-ring.ts';
import { weaknessOf } from './lib/secret-strength.ts';
import { acceptOrder } from './orders/accept-order.ts';
import { cancelOrder } from './orders/cancellation.ts';
import { createStartNotifier } from './orders/dispatcher-notifier.ts';
import { receiveMessage } from './orders/inbox.ts';
import { InvalidOrderError, OrderTimeoutError } from './orders/order-errors.ts';
import type { PharmacyMessage } from './orders/pharmacy-message.ts';
import { readOrder } from './orders/read-order.ts';
import { retryOrder } from './orders/repairs/retry-order.ts';
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

/** Longest single wait for the workflow inside {@link OrderHandle.result}, in milliseconds. */
const WAIT_SLICE_MS = 10_000;
/** Longest wait for Temporal's answer to {@link OrderHandle.describe}, in milliseconds. */
const DESCRIBE_LIMIT_MS = 5_000;
/** Time between two reads while Postgres is unreachable, in milliseconds. */
const READ_AGAIN_MS = 500;

/** The client as an actor in the audit log. Backend code has no API key that would name it. */
const BY = { actorKind: 'system', actor: 'order-client' } as const;

/** The options of {@link createOrderClient}: the organization, the keys and the connections. */
export interface OrderClientOptions {
  /** The organization that the client acts for. Its methods see no order of another one. */
  readonly organizationId: string;
  /** The URL of the orders' database with the server's role, `postgres://rx_orders_server…`. */
  readonly databaseUrl: string;
  /** The server's `HASH_SECRET`. With another one, an equal payload looks different. */
  readonly hashSecret: string;
  /** The server's `ENCRYPTION_KEYS`. With others, nothing that the server stored can be decrypted. */
  readonly encryptionKeys: string;
  /** The server's keys in AWS KMS (its `KMS_…` variables), if it has some. */
  readonly kms?: KmsSettings;
  /** How to reach Temporal. */
  readonly temporal: TemporalOptions;
}

/** An order to place: the fields of the HTTP request without its envelope. */
export interface PlaceOrderInput {
  readonly caseId: string;
  readonly order: PrescriptionOrder;
  /** Prevents a duplicate order. Unique within the organization. */
  readonly idempotencyKey?: string;
}

/** Places and follows orders from backend code; see {@link createOrderClient}. */
export interface OrderClient {
  /**
   * Places an order with the same schema and the same transaction as the HTTP API. When the promise
   * resolves, the order survives any crash, and its workflow starts automatically.
   *
   * @throws {InvalidOrderError} a field breaks a rule; the error names each such field.
   * @throws {CaseNotPermittedError} the organization has no such case.
   * @throws {IdempotencyConflictError} the key was used before; `existing` names the order if its payload
   *   is equal.
   */
  place(input: PlaceOrderInput): Promise<OrderHandle>;
  /**
   * Reads an order, its documents and shipments.
   *
   * @throws {OrderNotFoundError} the organization has no such order.
   */
  get(orderId: string): Promise<OrderView>;
  /** Returns the handle of an existing order, without a query. */
  handle(orderId: string): OrderHandle;
  /** Closes the connections. Calls in flight reject. */
  close(): Promise<void>;
}

/** An order. Every method can throw {@link OrderNotFoundError}. */
export interface OrderHandle {
  readonly orderId: string;
  /** Reads the order's status from Postgres, so it works while Temporal is unreachable. */
  status(): Promise<OrderStatus>;
  /**
   * Waits until the order has ended, which can take weeks, and returns it. An order that failed is
   * returned too, not thrown: check `status` and `reason`. An order that is `NEEDS_ATTENTION` has not
   * ended, so set a timeout to learn about it.
   *
   * @param options.timeoutMs how long to wait, in milliseconds; by default without limit.
   * @throws {OrderTimeoutError} the order has not ended in time; the error has its current status.
   */
  result(options?: { readonly timeoutMs?: number }): Promise<OrderView>;
  /**
   * Records that the pharmacy has finished the order. Call it from your own handler of the pharmacy's
   * webhooks. Messages with the same `webhookId`, the pharmacy's id of the message, count once; late and
   * early messages have no effect. The message is stored when the promise resolves, so the handler can
   * answer 2xx then.
   */
  signalCompletion(message: {
    readonly webhookId: string;
    readonly status: 'completed' | 'rejected' | 'cancelled';
  }): Promise<void>;
  /**
   * Requests the order's cancellation, and resolves when the request is stored. An order that was never
   * sent is `CANCELLED` then. If the pharmacy may have the order, the workflow cancels it there first:
   * {@link OrderHandle.result} returns `CANCELLED`, or another end if it was too late. A second request
   * while the first is pending has no effect.
   *
   * @param reason shown with the order, at most 1,000 characters; never logged.
   * @throws {InvalidOrderError} the reason breaks a rule.
   * @throws {OrderNotCancellableError} the order has ended.
   */
  cancel(reason?: string): Promise<void>;
  /**
   * Retries an order that is `NEEDS_ATTENTION`, and resolves when the order continues. Postgres keeps who
   * requested it and why, for operators.
   *
   * @param request.by who requested it. Nobody verifies the name: the audit log has `claimed:<name>`.
   * @param request.pharmacyOrderId the pharmacy's id of the order, if the stored id is missing or wrong.
   *   The workflow checks at the pharmacy that the id belongs to this order, and places no second one.
   * @throws {RepairRefusedError} the order is not `NEEDS_ATTENTION`, or another order has that id; see
   *   `code`.
   * @throws {TemporalUnavailableError} Temporal or every worker is unreachable.
   */
  retry(request: {
    readonly by: string;
    readonly reason: string;
    readonly pharmacyOrderId?: string;
  }): Promise<void>;
  /**
   * Returns where to find the order in Temporal. Waits for Temporal for at most five seconds.
   *
   * @throws {Error} the SDK's `ServiceError`: Temporal is unreachable.
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
  /** The order's page in the Temporal UI, if `uiUrl` was configured. */
  readonly uiUrl?: string;
}

/**
 * Connects backend code to the orders of one organization, without HTTP. The client connects on first
 * use, and places orders even while Temporal is unreachable. Call `close()` when done.
 *
 * Prefer `@rx-orders/http-client`, which needs one API key. This client needs the server's role in
 * Postgres, its `HASH_SECRET`, its master keys and Temporal: a process that has them can read and change
 * the orders and cases of every organization, because it chooses its organization itself. Use it only in
 * a process that you run and protect like the server (docs/typescript.md, "Without HTTP").
 *
 * @throws {KeyRingError} `encryptionKeys` is malformed.
 * @throws {TypeError} `hashSecret` can be guessed: fewer than 16 characters, or few different ones.
 */
export function createOrderClient(options: OrderClientOptions): OrderClient {
  const { organizationId, hashSecret } = options;
  const weakness = weaknessOf(hashSecret);
  if (weakness !== undefined) throw new TypeError(`hashSecret: ${weakness}`);
  const encryptionKeys = parseKeyRing(options.encryptionKeys);
  const { namespace = 'default', uiUrl, ...connectionOptions } = options.temporal;
  const database = openDatabase(options.databaseUrl, 5, {
    keys: createKeyProvider({ encryptionKeys, kms: options.kms }),
    hashSecret,
    settings: connectionScope(organizationId),
  });
  // No interceptors: the SDK's retries would hide that Temporal is unreachable, and outlive `close()`.
  const connection = Connection.lazy({ interceptors: [], ...connectionOptions });
  const dataConverter = createDataConverter(encryptionKeys);
  const temporal = new Client({ connection, namespace, dataConverter });
  const notifyOfStart = createStartNotifier(database);
  const closing = new AbortController();

  const read = (orderId: string) => withTimeout(readOrder(database, { organizationId, orderId }));

  /** Writes the audit row of a read before the caller gets the order. */
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
        const readNow = async () => {
          const order = await read(orderId);
          return isEnd(order.status) ? await recorded(order) : order;
        };
        for (;;) {
          const order = await readNow().catch(async (error: unknown) => {
            // A wait of weeks must survive a restart of Postgres or of the KMS.
            const isTransient = isDatabaseUnavailable(error) || error instanceof KeyServiceError;
            if (closing.signal.aborted || !isTransient || Date.now() > end) throw error;
            await sleep(READ_AGAIN_MS);
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
      },

      async cancel(reason) {
        const parsed = parseCancelOrder({ action: 'CANCEL_ORDER', orderId, reason });
        if (!parsed.ok) throw new InvalidOrderError(parsed.errors);
        const request = { actor: 'api', ...(reason === undefined ? {} : { reason }) } as const;
        const key = { organizationId, orderId };
        await withTimeout(inTransaction(database, (sql) => cancelOrder(sql, key, request, BY)));
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
      notifyOfStart();
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
