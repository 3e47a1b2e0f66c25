import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { LoadedDataConverter } from '@temporalio/common';
import { RepairRefusedError, TemporalUnavailableError } from '../orders/repairs/repair-errors.ts';
import { temporalCode } from '../temporal/call-with-timeout.ts';
import { failureMessage } from '../temporal/data-converter.ts';
import { orderWorkflowId } from '../workflows/order-messages.ts';

const ANSWER_LIMIT_MS = 10_000;

/** An event of a workflow's history, or an activity that is under way or waits to be tried again. */
export interface HistoryLine {
  /** The event's number; null: it is pending. */
  readonly number: number | null;
  readonly at: Date | null;
  /** As Temporal names it, e.g. `activityTaskStarted`; `pending`. */
  readonly event: string;
  /** The activity, signal or update that it is about. */
  readonly about: string | null;
  readonly attempt: number | null;
  /** Codes, as activities fail with codes only. */
  readonly failure: string | null;
}

type Workflow = ReturnType<Client['workflow']['getHandle']>;
type History = Awaited<ReturnType<Workflow['fetchHistory']>>;
type Event = NonNullable<History['events']>[number];
type Pending = NonNullable<
  Awaited<ReturnType<Workflow['describe']>>['raw']['pendingActivities']
>[number];
type Failure = NonNullable<Event['activityTaskFailedEventAttributes']>['failure'];

/**
 * Reads the history of an order's last run, and its pending activities behind it.
 *
 * @throws {RepairRefusedError} `WORKFLOW_MISSING`: Temporal has no workflow of this order.
 * @throws {TemporalUnavailableError} Temporal does not answer.
 */
export async function readHistory(temporal: Client, orderId: string): Promise<HistoryLine[]> {
  const workflow = temporal.workflow.getHandle(orderWorkflowId(orderId));
  try {
    return await temporal.connection.withDeadline(Date.now() + ANSWER_LIMIT_MS, async () => {
      const { events } = await workflow.fetchHistory();
      const { raw } = await workflow.describe();
      const read: ReadFailure = (failure) =>
        readFailure(temporal.options.loadedDataConverter, failure);
      const pending = (raw.pendingActivities ?? []).map((each) => toPendingLine(each, read));
      return await Promise.all([...toLines(events ?? [], read), ...pending]);
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      throw new RepairRefusedError('WORKFLOW_MISSING', 'Temporal has no workflow of this order');
    }
    throw new TemporalUnavailableError(`Temporal did not answer (${temporalCode(error)})`);
  }
}

type ReadFailure = (failure: Failure) => Promise<string | null>;

function toLines(events: readonly Event[], read: ReadFailure): Promise<HistoryLine>[] {
  const activities = new Map<number, string>();
  return events.map(async (event) => {
    const number = Number(event.eventId);
    const scheduled = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (typeof scheduled === 'string') activities.set(number, scheduled);
    const started = event.activityTaskStartedEventAttributes;
    return {
      number,
      at: dateOf(event.eventTime),
      event: (event.attributes ?? 'unknown').replace(/EventAttributes$/, ''),
      about: scheduled ?? aboutOf(event) ?? activities.get(scheduledBy(event)) ?? null,
      attempt: started?.attempt ?? null,
      failure:
        (await read(started?.lastFailure)) ??
        (await read(event.activityTaskFailedEventAttributes?.failure)),
    };
  });
}

function aboutOf(event: Event): string | null | undefined {
  return (
    event.workflowExecutionSignaledEventAttributes?.signalName ??
    event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name
  );
}

/** The number of the event that scheduled the activity which an event is about. */
function scheduledBy(event: Event): number {
  return Number(
    event.activityTaskStartedEventAttributes?.scheduledEventId ??
      event.activityTaskCompletedEventAttributes?.scheduledEventId ??
      event.activityTaskFailedEventAttributes?.scheduledEventId ??
      event.activityTaskTimedOutEventAttributes?.scheduledEventId ??
      event.activityTaskCanceledEventAttributes?.scheduledEventId,
  );
}

async function toPendingLine(pending: Pending, read: ReadFailure): Promise<HistoryLine> {
  return {
    number: null,
    at: dateOf(pending.scheduledTime) ?? dateOf(pending.lastStartedTime),
    event: 'pending',
    about: pending.activityType?.name ?? null,
    attempt: pending.attempt ?? null,
    failure: await read(pending.lastFailure),
  };
}

async function readFailure(
  converter: LoadedDataConverter,
  failure: Failure,
): Promise<string | null> {
  if (failure === null || failure === undefined) return null;
  const message = await failureMessage(converter, failure);
  const type = failure.applicationFailureInfo?.type;
  return type ? `${type}: ${message}` : message;
}

function dateOf(time: Event['eventTime']): Date | null {
  if (time === null || time === undefined) return null;
  return new Date(Number(time.seconds) * 1_000 + (time.nanos ?? 0) / 1_000_000);
}
