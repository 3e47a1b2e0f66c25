import type { OperatorActivity } from '../../../operators/list-orders.ts';
import type { HistoryLine } from '../../../operators/order-history.ts';
import { Ago, duration, exact } from './time.tsx';

/** The timeline of an order: who did what, when, and how long after the line before. */
export function Timeline({
  activity,
  pending,
}: {
  readonly activity: readonly OperatorActivity[];
  /** What runs or waits in Temporal, or why that is not known. */
  readonly pending: readonly HistoryLine[] | string;
}) {
  return (
    <ol class="timeline">
      {activity.map((each, index) => (
        <Line activity={each} before={activity[index - 1]} />
      ))}
      {typeof pending === 'string' ? (
        <li class="pending">{pending}</li>
      ) : (
        pending.map(({ about, attempt, failure }) => (
          <li class="pending">
            <strong>{about}</strong> {failure === null ? 'runs' : 'is retried'}
            {attempt !== null && `, attempt ${attempt}`}
            {failure !== null && (
              <>
                : <code>{failure}</code>
              </>
            )}
          </li>
        ))
      )}
    </ol>
  );
}

function Line({
  activity,
  before,
}: {
  readonly activity: OperatorActivity;
  readonly before: OperatorActivity | undefined;
}) {
  const { at, actor, event, fromStatus, toStatus, reasonCode, by, why } = activity;
  const seconds = before && (at.getTime() - before.at.getTime()) / 1_000;
  return (
    <li>
      <time datetime={at.toISOString()} title={exact(at)}>
        {at.toISOString().slice(0, 19).replace('T', ' ')}
      </time>
      <span class="after">{seconds === undefined ? '' : `+${duration(seconds)}`}</span>
      <span>
        <strong>{textOf(event)}</strong>{' '}
        {toStatus && (
          <>
            {fromStatus} → {toStatus}
          </>
        )}{' '}
        {reasonCode && <code>{reasonCode}</code>} <small>by {by ?? actor}</small>
        {why && <q>{why}</q>} {before === undefined && <Ago at={at} />}
      </span>
    </li>
  );
}

function textOf(event: string): string {
  const words = event.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
