import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type DataConverter,
  defaultPayloadConverter,
  type LoadedDataConverter,
} from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import type { KeyRing } from '../keys/key-ring.ts';
import { createPayloadCodec } from './payload-codec.ts';

/** The module of the failure converter; the workflows' bundle needs it, too. */
export const FAILURE_CONVERTER_PATH = fileURLToPath(
  new URL(`./failure-converter${path.extname(import.meta.url)}`, import.meta.url),
);

/**
 * What every client, worker and replay reads and writes Temporal's payloads with: nothing of them
 * stands in clear in its store.
 */
export function createDataConverter(ring: KeyRing): DataConverter {
  return {
    payloadCodecs: [createPayloadCodec(ring)],
    failureConverterPath: FAILURE_CONVERTER_PATH,
  };
}

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
