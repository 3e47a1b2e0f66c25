import type { Patient } from '../contract/case.ts';
import { CaseNotPermittedError } from '../orders/errors.ts';
import type { Sql } from '../storage/database.ts';

/**
 * Creates a case of an organization, or replaces its patient. Orders that were accepted before keep
 * the shipping address that they froze.
 *
 * @returns whether the case is new.
 * @throws {CaseNotPermittedError} the id is another organization's.
 */
export async function putCase(
  sql: Sql,
  key: { readonly organizationId: string; readonly caseId: string },
  patient: Patient,
): Promise<{ created: boolean; createdAt: Date; updatedAt: Date }> {
  // `xmax` is 0 in a row that this statement inserted, and names it in one that it updated.
  const [row] = await sql<{ created: boolean; createdAt: Date; updatedAt: Date }[]>`
    INSERT INTO cases (id, organization_id, patient)
    VALUES (${key.caseId}, ${key.organizationId}, ${sql.json({ ...patient })})
    ON CONFLICT (id) DO UPDATE SET patient = excluded.patient, updated_at = now()
      WHERE cases.organization_id = excluded.organization_id
    RETURNING xmax = 0 AS created, created_at, updated_at`;
  if (row === undefined) throw new CaseNotPermittedError();
  return row;
}
