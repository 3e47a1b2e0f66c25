import { contextOf, type DataKeyRow, newDataKey } from '../keys/data-keys.ts';
import type { KeyProvider, WrappedKey } from '../keys/key-provider.ts';
import { KeyMissingError } from '../keys/key-ring.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';
import { SEALED_COLUMNS } from './sealed-columns.ts';

/** The state of the data keys of an organization or of the deployment. */
export interface KeyStatus {
  /** null: the deployment. */
  readonly organizationId: string | null;
  readonly activeKeyId: string;
  readonly since: Date;
  /** The master key that wraps the active data key. */
  readonly masterKeyId: string;
  /** The number of inactive data keys. They only open, until {@link destroyOldKeys} removes them. */
  readonly oldKeys: number;
}

/** Reads the state of all data keys, the deployment's first. */
export async function readKeyStatus(sql: Sql): Promise<KeyStatus[]> {
  return await sql<KeyStatus[]>`
    SELECT organization_id, id AS active_key_id, created_at AS since, master_key_id,
      (SELECT count(*)::integer FROM data_keys AS old
        WHERE old.organization_id IS NOT DISTINCT FROM data_keys.organization_id AND NOT old.active
      ) AS old_keys
    FROM data_keys WHERE active ORDER BY organization_id NULLS FIRST`;
}

/**
 * Returns the ids of master keys that wrap data keys but are unavailable. It tries to unwrap one data key
 * of each master key.
 */
export async function missingMasterKeys(sql: Sql, provider: KeyProvider): Promise<string[]> {
  const rows = await sql<DataKeyRow[]>`
    SELECT DISTINCT ON (master_key_id) id, organization_id, master_key_id, wrapped
    FROM data_keys ORDER BY master_key_id, active DESC`;
  const missing: string[] = [];
  for (const row of rows) {
    try {
      await provider.unwrap(row, contextOf(row));
    } catch (error) {
      if (!(error instanceof KeyMissingError)) throw error;
      missing.push(row.masterKeyId);
    }
  }
  return missing;
}

/**
 * Creates new active data keys. Running processes may seal with the previous keys for up to
 * {@link ACTIVE_KEY_KEPT_MS}.
 *
 * @param owners ids of organizations; null: the deployment. An owner without any key gets none.
 * @returns the number of new keys.
 */
export async function rotateDataKeys(
  database: Database,
  provider: KeyProvider,
  owners: readonly (string | null)[],
): Promise<number> {
  let rotated = 0;
  for (const owner of owners) {
    const { id, masterKeyId, wrapped } = await newDataKey(provider, owner);
    rotated += await inTransaction(database, async (sql) => {
      const { count } = await sql`
        UPDATE data_keys SET active = false
        WHERE organization_id IS NOT DISTINCT FROM ${owner} AND active`;
      if (count === 0) return 0;
      await sql`
        INSERT INTO data_keys (id, organization_id, master_key_id, wrapped, active)
        VALUES (${id}, ${owner}, ${masterKeyId}, ${wrapped}, true)`;
      return 1;
    });
  }
  database.keys.forgetActive();
  return rotated;
}

/**
 * Wraps every data key with the active master key, so that older master keys can be destroyed.
 *
 * @returns the number of data keys that were wrapped again.
 * @throws {KeyMissingError} a master key that wraps one of them is missing.
 */
export async function rewrapDataKeys(database: Database, provider: KeyProvider): Promise<number> {
  const rows = await database<DataKeyRow[]>`
    SELECT id, organization_id, master_key_id, wrapped FROM data_keys
    WHERE master_key_id IS DISTINCT FROM ${provider.keyIds[0] ?? null}`;
  for (const row of rows) {
    const context = contextOf(row);
    const { masterKeyId, wrapped }: WrappedKey = await provider.wrap(
      await provider.unwrap(row, context),
      context,
    );
    await database`
      UPDATE data_keys SET master_key_id = ${masterKeyId}, wrapped = ${wrapped}
      WHERE id = ${row.id}`;
  }
  return rows.length;
}

/**
 * Deletes data keys that no longer seal any row. From then on, erased or replaced data cannot be opened,
 * not even from a backup of its table.
 *
 * @param afterMs minimum age of the active key, in milliseconds, so that no process still seals with the
 *   old one.
 * @returns the number of deleted keys.
 */
export async function destroyOldKeys(database: Database, afterMs: number): Promise<number> {
  const old = await database<{ id: string }[]>`
    SELECT old.id FROM data_keys AS old
    JOIN data_keys AS now ON now.organization_id IS NOT DISTINCT FROM old.organization_id
      AND now.active AND NOT old.active
    WHERE now.created_at < now() - ${afterMs} * interval '1 millisecond'`;
  let destroyed = 0;
  for (const { id } of old) {
    if (await isUsed(database, id)) continue;
    destroyed += (await database`DELETE FROM data_keys WHERE id = ${id} AND NOT active`).count;
  }
  return destroyed;
}

async function isUsed(sql: Sql, keyId: string): Promise<boolean> {
  for (const column of SEALED_COLUMNS) {
    const rows = await sql`
      SELECT FROM (${column.rows(sql)}) AS sealed_rows
      WHERE sealed LIKE ${`v1.${keyId}.%`} LIMIT 1`;
    if (rows.length > 0) return true;
  }
  return false;
}
