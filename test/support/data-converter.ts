import { parseKeyRing } from '../../src/keys/key-ring.ts';
import { createDataConverter } from '../../src/temporal/data-converter.ts';
import { ENCRYPTION_KEYS } from './organization.ts';

/** Converts data with the keys of a stack, as its environment names them. */
export function dataConverterOf(encryptionKeys: string | undefined) {
  return createDataConverter(parseKeyRing(encryptionKeys ?? ''));
}

/** Converts data with the tests' keys. */
export const DATA_CONVERTER = dataConverterOf(ENCRYPTION_KEYS);
