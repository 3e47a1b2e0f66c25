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

/** Path of the failure converter's module, which the SDK and the workflow bundle load by path. */
export const FAILURE_CONVERTER_PATH = fileURLToPath(
  new URL(`./failure-converter${path.extname(import.meta.url)}`, import.meta.url),
);

/**
 * Creates the data converter that every client, worker and replay must use. It encrypts all payloads
 * and failures, so that Temporal's database holds none in clear text.
 */
export function createDataConverter(ring: KeyRing): DataConverter {
  return {
    payloadCodecs: [createPayloadCodec(ring)],
    failureConverterPath: FAILURE_CONVERTER_PATH,
  };
}

/**
 * Decrypts the message of a failure in a history. The failure's own `message` is only a placeholder
 * (`DefaultFailureConverter`, `encodeCommonAttributes`).
 *
 * @throws {KeyMissingError} the key ring lacks the key.
 * @throws {SealBrokenError} the history was altered.
 */
export async function failureMessage(
  converter: Pick<LoadedDataConverter, 'payloadCodecs'>,
  { message, encodedAttributes }: temporal.api.failure.v1.IFailure,
): Promise<string> {
  const clear = await decrypt<{ message?: string }>(converter, encodedAttributes);
  return clear === undefined ? (message ?? '') : (clear.message ?? '');
}

/**
 * Decrypts one payload of a history. Returns undefined without a payload.
 *
 * @throws {KeyMissingError} the key ring lacks the key.
 * @throws {SealBrokenError} the history was altered.
 */
export async function decrypt<T>(
  { payloadCodecs }: Pick<LoadedDataConverter, 'payloadCodecs'>,
  encrypted: temporal.api.common.v1.IPayload | null | undefined,
): Promise<T | undefined> {
  if (encrypted === null || encrypted === undefined) return undefined;
  let payloads = [encrypted];
  for (const codec of payloadCodecs.toReversed()) payloads = await codec.decode(payloads);
  const [payload] = payloads;
  return payload === undefined ? undefined : defaultPayloadConverter.fromPayload<T>(payload);
}
