import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { LoadedDataConverter } from '@temporalio/common';
import { RepairRefusedError, TemporalUnavailableError } from '../orders/repairs/repair-errors.ts';
import { temporalCode } from '../temporal/call-with-timeout.ts';
import { decrypt, failureMessage } from '../temporal/data-converter.ts';
import { orderWorkflowId } from '../workflows/order-messages.ts';

const ANSWER_LIMIT_MS = 10_000;

/** An event of a workflow's history, or an activity that is running or waits for a retry. */
export interface HistoryLine {
  /** The event's number; null for a pending activity. */
  readonly number: number | null;
  readonly at: Date | null;
  /**
   * Temporal's name of the event, such as `activityTaskStarted`; `localActivity` for the marker of a local activity,
   * `pending` for a pending activity.
   */
  readonly event: string;
  /** The name of the activity, signal or update that the event is about. */
  readonly about: string | null;
  readonly attempt: number | null;
  /** Contains only codes, because activities fail with codes. */
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
 * Reads the history of the latest run of an order's workflow, followed by its pending activities.
 *
 * @param limitMs how long Temporal may take, in milliseconds.
 * @throws {RepairRefusedError} `WORKFLOW_MISSING`: Temporal has no workflow of this order.
 * @throws {TemporalUnavailableError} Temporal does not answer.
 */
export async function readHistory(
  temporal: Client,
  orderId: string,
  limitMs: number = ANSWER_LIMIT_MS,
): Promise<HistoryLine[]> {
  const workflow = temporal.workflow.getHandle(orderWorkflowId(orderId));
  try {
    return await temporal.connection.withDeadline(Date.now() + limitMs, async () => {
      const { events } = await workflow.fetchHistory();
      const { raw } = await workflow.describe();
      const converter = temporal.options.loadedDataConverter;
      const pending = (raw.pendingActivities ?? []).map((each) => toPendingLine(each, converter));
      return await Promise.all([...toLines(events ?? [], converter), ...pending]);
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      throw new RepairRefusedError('WORKFLOW_MISSING', 'Temporal has no workflow of this order');
    }
    throw new TemporalUnavailableError(`Temporal did not answer (${temporalCode(error)})`);
  }
}

function toLines(events: readonly Event[], converter: LoadedDataConverter): Promise<HistoryLine>[] {
  const activities = new Map<number, string>();
  return events.map(async (event) => {
    const number = Number(event.eventId);
    const scheduled = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (typeof scheduled === 'string') activities.set(number, scheduled);
    const started = event.activityTaskStartedEventAttributes;
    const local = await localActivityOf(event, converter);
    return {
      number,
      at: dateOf(event.eventTime),
      event:
        local === undefined
          ? (event.attributes ?? 'unknown').replace(/EventAttributes$/, '')
          : 'localActivity',
      about:
        scheduled ?? local?.type ?? aboutOf(event) ?? activities.get(scheduledBy(event)) ?? null,
      attempt: started?.attempt ?? local?.attempt ?? null,
      failure:
        (await readFailure(converter, started?.lastFailure)) ??
        (await readFailure(converter, event.activityTaskFailedEventAttributes?.failure)) ??
        (await readFailure(converter, event.markerRecordedEventAttributes?.failure)),
    };
  });
}

/** Reads the marker that the SDK's core records for a local activity (`LocalActivityMarkerData` of sdk-core). */
async function localActivityOf(
  event: Event,
  converter: LoadedDataConverter,
): Promise<{ type: string | null; attempt: number | null } | undefined> {
  const marker = event.markerRecordedEventAttributes;
  if (marker?.markerName !== 'core_local_activity') return undefined;
  const data = await decrypt<{ activity_type?: string; attempt?: number }>(
    converter,
    marker.details?.['data']?.payloads?.[0],
  );
  return { type: data?.activity_type ?? null, attempt: data?.attempt ?? null };
}

function aboutOf(event: Event): string | null | undefined {
  return (
    event.workflowExecutionSignaledEventAttributes?.signalName ??
    event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name
  );
}

/** Returns the number of the event that scheduled the activity of an event. */
function scheduledBy(event: Event): number {
  return Number(
    event.activityTaskStartedEventAttributes?.scheduledEventId ??
      event.activityTaskCompletedEventAttributes?.scheduledEventId ??
      event.activityTaskFailedEventAttributes?.scheduledEventId ??
      event.activityTaskTimedOutEventAttributes?.scheduledEventId ??
      event.activityTaskCanceledEventAttributes?.scheduledEventId,
  );
}

async function toPendingLine(
  pending: Pending,
  converter: LoadedDataConverter,
): Promise<HistoryLine> {
  return {
    number: null,
    at: dateOf(pending.scheduledTime) ?? dateOf(pending.lastStartedTime),
    event: 'pending',
    about: pending.activityType?.name ?? null,
    attempt: pending.attempt ?? null,
    failure: await readFailure(converter, pending.lastFailure),
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
