import type { EndStatus, RepairInput } from './order-messages.ts';

/**
 * The result of a step, which the activity has recorded in Postgres. `done`: the order continues.
 * `ended`: the order has ended. `needs-attention`: retrying cannot help, an operator has to decide.
 */
export type StepResult<Done = object> =
  | ({ readonly outcome: 'done' } & Done)
  | { readonly outcome: 'ended'; readonly status: EndStatus; readonly reasonCode?: string }
  | {
      readonly outcome: 'needs-attention';
      readonly reasonCode: string;
      /** Whether a cancellation is still pending: it is tried again after the retry. */
      readonly isPending?: boolean;
    };

/** What the check of an order says about the steps after it. */
export interface Checked extends WaitLimits {
  /**
   * Whether the pharmacy answers quickly, so that its steps are tried as local activities. Only a local activity
   * returns it: its worker runs the workflow, too, so the code that wrote the history knows such steps.
   */
  readonly isQuick?: boolean;
}

/** Why an attempt as a local activity failed, and when the next one may come. */
export interface FailedLocally {
  /** The type of the failure. */
  readonly type: string;
  /** A stable code. */
  readonly code: string;
  /** The time until the next attempt, in milliseconds. */
  readonly delayMs: number;
}

/** How long to wait for the pharmacy, in milliseconds. */
export interface WaitLimits {
  /** Before the first poll, if no webhook comes. */
  readonly firstLookMs: number;
  /** In total; then the order expires. */
  readonly completionLimitMs: number;
}

/** An update as an operator sent it. */
export interface AskedRepair {
  readonly kind: 'retry' | 'cancel';
  readonly updateId: string;
  readonly request: RepairInput;
}

/**
 * The activities of an order. Each takes the order's id, reads the order from Postgres, records its
 * result there and is safe to repeat. The names are the activity types in Temporal: they never change.
 */
export interface OrderActivities {
  /** Checks what the API could not check at acceptance, and stores the final shipping address. */
  validateOrder(orderId: string): Promise<StepResult<Checked>>;
  /**
   * Places the order at the pharmacy, once. `settled`: the pharmacy has already finished with it.
   *
   * @param failed the attempt before, if that was a local activity and failed.
   */
  placeOrder(
    orderId: string,
    failed?: FailedLocally,
  ): Promise<StepResult<{ readonly settled: boolean }>>;
  /**
   * Polls the pharmacy until it has finished with the order (`settled`) or the limit has passed
   * (`too-late`). Between two polls it fails with a retryable error that names the delay, so that weeks
   * of waiting add no history.
   *
   * @param limit milliseconds since the epoch.
   */
  lookForCompletion(orderId: string, limit: number): Promise<'settled' | 'too-late'>;
  /**
   * Reads the order at the pharmacy. If it is completed there, stores its documents and ends the
   * order. `done`: the order is still open there.
   *
   * @param failed the attempt before, if that was a local activity and failed.
   */
  fetchDocuments(orderId: string, failed?: FailedLocally): Promise<StepResult>;
  /**
   * Requests the cancellation at the pharmacy, if a request is pending, and ends the order if the
   * pharmacy agrees. Otherwise refuses the request. `done`: the order continues; `settled`: the
   * pharmacy seems to have finished with it. `needs-attention`: the order still needs attention, for
   * the reason that it had.
   */
  cancelOrder(orderId: string): Promise<StepResult<{ readonly settled: boolean }>>;
  /**
   * Records an operator's update, with a corrected pharmacy order id if there is one, and applies it
   * in Postgres. Once for each update.
   *
   * @throws {ApplicationFailure} non-retryable: the repair is refused; the type is a code.
   */
  applyRepair(orderId: string, repair: AskedRepair): Promise<void>;
  /**
   * Expires an order that waited too long, after a last read and an attempt to cancel it at the
   * pharmacy. `done`: the pharmacy has finished with it after all, so its result can be fetched.
   */
  expireOrder(orderId: string): Promise<StepResult>;
}
