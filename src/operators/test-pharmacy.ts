import { randomBytes } from 'node:crypto';
import { foreignLookup } from '../egress/foreign-lookup.ts';
import { UnknownIdError } from '../lib/operator-errors.ts';
import { createPharmacyDirectory } from '../pharmacy/directory.ts';
import { type PharmacyProbe, probePharmacy } from '../pharmacy/probe.ts';
import type { Database } from '../storage/database.ts';

/**
 * Tests the base URL and the token of a pharmacy; see {@link probePharmacy}.
 *
 * @param timeoutMs how long to wait for an answer, in milliseconds.
 * @throws {UnknownIdError} there is no such pharmacy.
 */
export async function testPharmacy(
  database: Database,
  id: string,
  timeoutMs: number,
): Promise<PharmacyProbe> {
  // The probe fetches no documents, so nothing outside of the pharmacy is reached.
  const foreign = { policy: { sandbox: false }, lookup: foreignLookup };
  const directory = createPharmacyDirectory(database, { timeoutMs, foreign });
  const gateway = await directory.gateway(id);
  const intruder = await directory.gateway(id, randomBytes(24).toString('base64url'));
  if (gateway === undefined) throw new UnknownIdError('pharmacy');
  return await probePharmacy(gateway, intruder);
}
