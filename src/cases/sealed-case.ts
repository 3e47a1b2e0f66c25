import { canonicalJson } from '../contract/canonical-json.ts';
import type { Patient } from '../contract/case.ts';
import { keyedHash } from '../keys/keyed-hash.ts';
import type { Sql } from '../storage/database.ts';

/** A case's patient as its row keeps it. */
export interface SealedCase {
  /** The case's key, wrapped. */
  readonly dataKey: string;
  /** Tells whether another patient is the same. */
  readonly patientHash: Buffer;
  readonly patient: string;
  /** The patient's address alone, for orders that are frozen to it. */
  readonly address: string | null;
}

/**
 * Seals a case's patient, each time with a new key.
 *
 * @param hashSecret keys the hash.
 * @throws {NoSuchOrganizationError} there is no such organization.
 */
export async function sealCase(
  sql: Sql,
  hashSecret: string,
  { organizationId, caseId }: { readonly organizationId: string; readonly caseId: string },
  patient: Patient,
): Promise<SealedCase> {
  const { key, wrapped } = await sql.keys.createSubject(organizationId, `case/${caseId}`);
  const { address } = patient;
  return {
    dataKey: wrapped,
    patientHash: keyedHash(hashSecret, 'patient', canonicalJson({ caseId, patient })),
    patient: key.seal('patient', JSON.stringify(patient)),
    address: address === undefined ? null : key.seal('address', JSON.stringify(address)),
  };
}
