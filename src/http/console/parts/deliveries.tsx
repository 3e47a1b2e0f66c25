import type { DeliveryView } from '../../../contract/webhook-delivery.ts';
import { Ago } from './time.tsx';

const KINDS: Readonly<Record<DeliveryView['status'], string>> = {
  PENDING: 'open',
  RETRYING: 'open',
  DELIVERED: 'good',
  DEAD: 'attention',
  CANCELLED: 'ended',
};

/** Deliveries, each with its attempts. */
export function Deliveries({ deliveries }: { readonly deliveries: readonly DeliveryView[] }) {
  if (deliveries.length === 0) {
    return (
      <p class="empty">No endpoint of the organization is subscribed to events of this order.</p>
    );
  }
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
          </details>
        </li>
      ))}
    </ul>
  );
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
