import type { EndpointView } from '../../../contract/webhook-endpoint.ts';
import { Ago } from './time.tsx';

/** Whether an endpoint works, by word and colour, and since when it does not. */
export function EndpointStatus({
  endpoint: { status, statusReason, failingSince },
}: {
  readonly endpoint: Pick<EndpointView, 'status' | 'statusReason' | 'failingSince'>;
}) {
  const isFailing = status === 'ENABLED' && failingSince !== undefined;
  const kind = { ENABLED: isFailing ? 'attention' : 'good', PAUSED: 'bad', DISABLED: 'ended' }[
    status
  ];
  return (
    <>
      <span class={`status ${kind}`}>{isFailing ? 'failing' : status.toLowerCase()}</span>{' '}
      {statusReason && <code>{statusReason}</code>}{' '}
      {failingSince && (
        <small>
          since <Ago at={new Date(failingSince)} />
        </small>
      )}
    </>
  );
}
