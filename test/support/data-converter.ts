import { parseKeyRing } from '../../src/keys/key-ring.ts';
import { createDataConverter } from '../../src/temporal/data-converter.ts';
import { ENCRYPTION_KEYS } from './organization.ts';

/** Converts data with the tests' keys. */
export const DATA_CONVERTER = createDataConverter(parseKeyRing(ENCRYPTION_KEYS));
