import type { PingEvent } from '../../contract/case-activity.ts';
import type { SendResult } from '../sending/send-result.ts';
import type { Sender } from '../sending/sender.ts';
import { signaturesOf } from '../sending/signatures.ts';

/** What a PING is made from. */
export interface PingTarget {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  /** null: none signs beside it any more. */
  readonly previousSecret: string | null;
  readonly authHeaderName: string | null;
  readonly authHeaderValue: string | null;
}

/** Sends a PING once, signed as every event is. */
export async function sendPing(
  sender: Pick<Sender, 'post'>,
  target: PingTarget,
  deliveryId: string,
): Promise<SendResult> {
  const ping: PingEvent = { event: 'PING', payload: { endpoint: { id: target.id } } };
  const body = JSON.stringify(ping);
  const { previousSecret, authHeaderName, authHeaderValue } = target;
  const headers = {
    ...(authHeaderName === null ? {} : { [authHeaderName]: authHeaderValue ?? '' }),
    'content-type': 'application/json',
    'user-agent': 'rx-orders',
    ...signaturesOf({
      id: deliveryId,
      timestamp: Math.floor(Date.now() / 1_000),
      body,
      secrets: [target.secret, ...(previousSecret === null ? [] : [previousSecret])],
    }),
  };
  return await sender.post(target.url, headers, body);
}
