import type { Patient } from '../contract/case.ts';
import { SealBrokenError } from '../keys/aead.ts';
import type { Database } from '../storage/database.ts';
import { caseEmailHash } from './sealed-case.ts';

/** Cases read at once. */
const BATCH = 200;
/** The nil UUID (RFC 9562, 5.9): before every organization. */
const NIL = '00000000-0000-0000-0000-000000000000';

/** The result of {@link indexEmails}. */
export interface EmailIndex {
  /** The cases that can be found by email from now on. */
  readonly indexed: number;
  /** The cases whose patient could not be decrypted because the row was altered. */
  readonly unreadable: number;
}

/**
 * Stores the hashes by which cases are found by email, for the cases that were stored before the column
 * `email_hash` existed: SQL alone cannot decrypt them. Each case is stored at once, so that a call after a
 * crash continues from there. A case that changes at the same time is left to that change.
 *
 * @param hashSecret the secret of the keyed hash.
 * @throws {KeyMissingError} a key that encrypts one of the cases is missing.
 */
export async function indexEmails(database: Database, hashSecret: string): Promise<EmailIndex> {
  let indexed = 0;
  let unreadable = 0;
  for (let after = { organizationId: NIL, id: '' }; ; ) {
    const rows = await database<CaseRow[]>`
      SELECT id, organization_id, data_key, patient FROM cases
      WHERE email_hash IS NULL AND data_key IS NOT NULL
        AND (organization_id, id) > (${after.organizationId}, ${after.id})
      ORDER BY organization_id, id LIMIT ${BATCH}`;
    for (const row of rows) {
      try {
        if (await indexEmail(database, hashSecret, row)) indexed += 1;
      } catch (error) {
        if (!(error instanceof SealBrokenError)) throw error;
        unreadable += 1;
      }
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < BATCH) return { indexed, unreadable };
    after = last;
  }
}

async function indexEmail(
  database: Database,
  hashSecret: string,
  { id, organizationId, dataKey, patient }: CaseRow,
): Promise<boolean> {
  const key = await database.keys.openSubject(`case/${id}`, dataKey);
  const { email } = JSON.parse(key.open('patient', patient)) as Patient;
  const hash = caseEmailHash(hashSecret, organizationId, email);
  if (hash === null) return false;
  const { count } = await database`
    UPDATE cases SET email_hash = ${hash}
    WHERE organization_id = ${organizationId} AND id = ${id} AND patient = ${patient}`;
  return count > 0;
}

interface CaseRow {
  readonly id: string;
  readonly organizationId: string;
  readonly dataKey: string;
  readonly patient: string;
}
