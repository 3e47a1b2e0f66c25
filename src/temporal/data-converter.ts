import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
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
