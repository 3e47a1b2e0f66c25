import type { DeliveryView } from '../../../contract/webhook-delivery.ts';
import { includesRole, type Visit } from '../page.ts';
import { Action } from './action.tsx';
import { Ago } from './time.tsx';

const KINDS: Readonly<Record<DeliveryView['status'], string>> = {
  PENDING: 'open',
  RETRYING: 'open',
  DELIVERED: 'good',
  DEAD: 'attention',
  CANCELLED: 'ended',
};

interface DeliveriesProps {
  readonly deliveries: readonly DeliveryView[];
  readonly visit: Visit;
  /** The page that a replay returns to. */
  readonly from: 'order' | 'endpoint';
  /** What the page says without deliveries. */
  readonly empty: string;
}

/** Deliveries, each with its attempts and a button that replays it. */
export function Deliveries({ deliveries, visit, from, empty }: DeliveriesProps) {
  if (deliveries.length === 0) return <p class="empty">{empty}</p>;
  return (
    <ul class="lines">
      {deliveries.map((delivery) => (
        <li>
          <details>
            <summary>
              <span class={`status ${KINDS[delivery.status]}`}>
                {delivery.status.toLowerCase()}
              </span>{' '}
              {delivery.event} <Ago at={new Date(delivery.createdAt)} />
              {delivery.nextAttemptAt !== null && (
                <>
                  , next attempt <Ago at={new Date(delivery.nextAttemptAt)} />
                </>
              )}
            </summary>
            <Attempts delivery={delivery} />
            {from === 'order' && <a href={`/endpoints/${delivery.endpointId}`}>The endpoint</a>}
            {from === 'endpoint' && delivery.orderId && (
              <a href={`/orders/${delivery.orderId}`}>The order</a>
            )}
            {isReplayable(delivery) && includesRole(visit.user.role, 'operator') && (
              <Action visit={visit} url={`/deliveries/${delivery.id}/replay`} label="Replay">
                <input type="hidden" name="from" value={from} />
              </Action>
            )}
          </details>
        </li>
      ))}
    </ul>
  );
}

function isReplayable({ status, eventId }: DeliveryView): boolean {
  return status !== 'CANCELLED' && eventId !== null;
}

function Attempts({ delivery }: { readonly delivery: DeliveryView }) {
  return (
    <ol>
      {delivery.attempts.map(({ at, status, errorClass, durationMs, answerStart }) => (
        <li>
          <Ago at={new Date(at)} />: <code>{status ?? errorClass}</code> in {durationMs} ms
          {answerStart && <pre>{answerStart}</pre>}
        </li>
      ))}
    </ol>
  );
}
