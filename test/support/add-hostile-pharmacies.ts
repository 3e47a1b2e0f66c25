import { HOSTILE, type HostilePharmacies } from '../../simulator/hostile-pharmacies.ts';
import { addPharmacy } from '../../src/pharmacy/registry.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { withKeysOf } from './sealed-rows.ts';

/**
 * Registers running hostile pharmacies under their names.
 *
 * @param stack.databaseUrl the owner's URL.
 * @param stack.encryptionKeys encrypts their tokens.
 */
export async function addHostilePharmacies(
  stack: { readonly databaseUrl: string; readonly encryptionKeys: string | undefined },
  { urlOf }: HostilePharmacies,
): Promise<void> {
  const database = openDatabase(stack.databaseUrl, 1, withKeysOf(stack.encryptionKeys));
  try {
    for (const id of HOSTILE) {
      const settings = {
        ...{ id, kind: 'rest', baseUrl: urlOf(id), token: `a-token-of-${id}-pharmacy` },
        ...{ webhookAuth: { kind: 'none' } as const, completionLimitMs: null },
      };
      await addPharmacy(database, settings, false);
    }
  } finally {
    await database.end({ timeout: 1 });
  }
}
