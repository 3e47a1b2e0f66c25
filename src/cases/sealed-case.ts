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
  /** See {@link caseEmailHash}. */
  readonly emailHash: Buffer | null;
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
    emailHash: caseEmailHash(hashSecret, organizationId, patient.email),
    patient: key.seal('patient', JSON.stringify(patient)),
    address: address === undefined ? null : key.seal('address', JSON.stringify(address)),
  };
}

/**
 * Computes the hash by which an organization finds a case by its patient's email; null without an email.
 * Letter case and surrounding white space do not count. The key is the hash secret, not a data key, so that
 * the hash stays valid when data keys rotate; it contains the organization, so that equal emails of two
 * organizations have different hashes.
 */
export function caseEmailHash(
  hashSecret: string,
  organizationId: string,
  email: string | undefined,
): Buffer | null {
  if (email === undefined) return null;
  return keyedHash(hashSecret, 'case-email', `${organizationId}\0${email.trim().toLowerCase()}`);
}
