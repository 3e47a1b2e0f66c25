import { type AuditSource, auditRow } from '../audit/record-audit.ts';
import type { Patient } from '../contract/case.ts';
import { NoSuchOrganizationError } from '../keys/data-keys.ts';
import { CaseNotPermittedError } from '../orders/order-errors.ts';
import type { Sql } from '../storage/database.ts';
import { sealCase } from './sealed-case.ts';

/**
 * Creates a case, or replaces its patient. Accepted orders keep the shipping address that they already
 * have.
 *
 * @param hashSecret the secret of the keyed hash of the patient.
 * @param by the actor, for the entry in the audit log, which is part of the statement.
 * @returns whether the case was created, and its times.
 * @throws {CaseNotPermittedError} the organization does not exist.
 */
export async function putCase(
  sql: Sql,
  hashSecret: string,
  key: { readonly organizationId: string; readonly caseId: string },
  patient: Patient,
  by: AuditSource,
): Promise<{ created: boolean; createdAt: Date; updatedAt: Date }> {
  const sealed = await sealCase(sql, hashSecret, key, patient).catch((error: unknown) => {
    if (error instanceof NoSuchOrganizationError) throw new CaseNotPermittedError();
    throw error;
  });
  const { dataKey, patientHash, emailHash, patient: sealedPatient, address } = sealed;
  const entry = { ...by, ...key, action: 'CASE_PUT', result: 'OK' };
  const [stored] = await sql<[{ created: boolean; createdAt: Date; updatedAt: Date }]>`
    WITH stored AS (
      INSERT INTO cases (id, organization_id, data_key, patient_hash, email_hash, patient, address)
      VALUES (${key.caseId}, ${key.organizationId}, ${dataKey}, ${patientHash}, ${emailHash},
        ${sealedPatient}, ${address})
      ON CONFLICT (organization_id, id) DO UPDATE SET data_key = excluded.data_key,
        patient_hash = excluded.patient_hash, email_hash = excluded.email_hash,
        patient = excluded.patient, address = excluded.address, updated_at = now()
      RETURNING xmax = 0 AS created, -- a row that was there before has an xmax: the lock on it
        created_at, updated_at
    ), recorded AS (${auditRow(sql, entry)} FROM stored)
    SELECT created, created_at, updated_at FROM stored`;
  return stored;
}
