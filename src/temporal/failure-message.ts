import { defaultPayloadConverter, type LoadedDataConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

/**
 * The message of a failure as a history has it: there it stands encrypted, beside a message that says
 * nothing (`DefaultFailureConverter`, `encodeCommonAttributes`).
 *
 * @throws what the codec throws: the key is not there, or the history was altered.
 */
export async function failureMessage(
  { payloadCodecs }: Pick<LoadedDataConverter, 'payloadCodecs'>,
  { message, encodedAttributes }: temporal.api.failure.v1.IFailure,
): Promise<string> {
  if (encodedAttributes === null || encodedAttributes === undefined) return message ?? '';
  let payloads = [encodedAttributes];
  for (const codec of payloadCodecs.toReversed()) payloads = await codec.decode(payloads);
  const [payload] = payloads;
  if (payload === undefined) return message ?? '';
  const { message: clear } = defaultPayloadConverter.fromPayload<{ message?: string }>(payload);
  return clear ?? '';
}
