import { parseKeyRing } from '../../src/keys/key-ring.ts';
import { createDataConverter } from '../../src/temporal/data-converter.ts';
import { ENCRYPTION_KEYS } from './organization.ts';

/** Creates a data converter with the keys of a stack's environment. */
export function dataConverterOf(encryptionKeys: string | undefined) {
  return createDataConverter(parseKeyRing(encryptionKeys ?? ''));
}

/** The data converter with the keys of the tests. */
export const DATA_CONVERTER = dataConverterOf(ENCRYPTION_KEYS);
