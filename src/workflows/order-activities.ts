import type { EndStatus, RepairInput } from './order-messages.ts';

/**
 * What a step tells the workflow. `done` goes on; `ended` is the order's end, which the activity
 * has recorded; `needs-attention` is what retrying cannot mend, recorded too.
 */
export type StepResult<Done = object> =
  | ({ readonly outcome: 'done' } & Done)
  | { readonly outcome: 'ended'; readonly status: EndStatus; readonly reasonCode?: string }
  | { readonly outcome: 'needs-attention'; readonly reasonCode: string };

/** How long to wait for the pharmacy, in milliseconds. */
export interface WaitLimits {
  /** Before the first look at the pharmacy, when no webhook comes. */
  readonly firstLookMs: number;
  /** Altogether; then the order expires. */
  readonly completionLimitMs: number;
}

/** An update as a person sent it. */
export interface AskedRepair {
  readonly kind: 'retry' | 'cancel';
  readonly updateId: string;
  readonly request: RepairInput;
}

/**
 * The activities of an order, as the workflow sees them. Each takes the order's id, reads what it
 * needs from Postgres, records what it did there in one transaction, and is safe to repeat.
 */
export interface OrderActivities {
  /** Checks what the door could not, and freezes the shipping address. */
  validateOrder(orderId: string): Promise<StepResult<WaitLimits>>;
  /** Places the order at the pharmacy, once; `settled`: the pharmacy is done with it already. */
  placeOrder(orderId: string): Promise<StepResult<{ readonly settled: boolean }>>;
  /**
   * Looks at the order at the pharmacy until it is done there (`settled`) or `limit`, in
   * milliseconds since the epoch, has passed (`too-late`). Between two looks it fails with a
   * retryable error and the time of the next, so that weeks of waiting add no history.
   */
  lookForCompletion(orderId: string, limit: number): Promise<'settled' | 'too-late'>;
  /**
   * Reads the order at the pharmacy and, when it is completed there, stores its documents and ends
   * the order. `done`: there was nothing to fetch, the order is still open there.
   */
  fetchDocuments(orderId: string): Promise<StepResult>;
  /**
   * Asks the pharmacy to cancel the order, when a request of the organization is pending, and ends
   * the order when it does. Else the request is refused: `done`, where `settled` says that the
   * pharmacy seems to be done with the order; a resting order goes on resting, for its reason.
   */
  cancelOrder(orderId: string): Promise<StepResult<{ readonly settled: boolean }>>;
  /**
   * Records what a person wants done with the order, by an update: who, why and a corrected
   * pharmacy order id; and does it in Postgres. Once for each update.
   *
   * @throws {ApplicationFailure} not to be retried: it cannot be done; the type is a code.
   */
  applyRepair(orderId: string, repair: AskedRepair): Promise<void>;
  /**
   * Ends an order that waited too long, after a last look and an attempt to cancel it there.
   * `done`: the last look found it settled, so that it is to be fetched after all.
   */
  expireOrder(orderId: string): Promise<StepResult>;
}
