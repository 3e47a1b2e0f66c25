import { canonicalJson } from '../contract/canonical-json.ts';
import type { Patient } from '../contract/case.ts';
import { keyedHash } from '../keys/keyed-hash.ts';
import type { Sql } from '../storage/database.ts';

/** The sealed columns of a case. */
export interface SealedCase {
  /** The case's key, wrapped. */
  readonly dataKey: string;
  /** Keyed hash of the patient, to detect changes. */
  readonly patientHash: Buffer;
  readonly patient: string;
  /** The patient's address. It is a separate column because orders copy it when they are accepted. */
  readonly address: string | null;
}

/**
 * Seals the patient of a case with a new key.
 *
 * @param hashSecret the secret of the keyed hash.
 * @throws {NoSuchOrganizationError} the organization does not exist.
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
