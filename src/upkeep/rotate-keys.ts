import { contextOf, type DataKeyRow, newDataKey } from '../keys/data-keys.ts';
import type { KeyProvider, WrappedKey } from '../keys/key-provider.ts';
import { KeyMissingError } from '../keys/key-ring.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';
import { SEALED_COLUMNS } from './sealed-columns.ts';

/** The data keys of an organization, or the deployment's own. */
export interface KeyStatus {
  /** null: the deployment. */
  readonly organizationId: string | null;
  readonly activeKeyId: string;
  readonly since: Date;
  /** The master key that wraps it. */
  readonly masterKeyId: string;
  /** Data keys that only open; they go when nothing is sealed with them any more. */
  readonly oldKeys: number;
}

/** Whose data keys there are, and with which master keys they are wrapped. */
export async function readKeyStatus(sql: Sql): Promise<KeyStatus[]> {
  return await sql<KeyStatus[]>`
    SELECT organization_id, id AS active_key_id, created_at AS since, master_key_id,
      (SELECT count(*)::integer FROM data_keys AS old
        WHERE old.organization_id IS NOT DISTINCT FROM data_keys.organization_id AND NOT old.active
      ) AS old_keys
    FROM data_keys WHERE active ORDER BY organization_id NULLS FIRST`;
}

/** Which master keys wrap data keys and cannot open them: one data key of each is tried. */
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
 * Gives owners new data keys, which seal from now on. Processes that run go on to seal with the ones
 * before for {@link ACTIVE_KEY_KEPT_MS}.
 *
 * @param owners organizations, and null for the deployment; those that have no key yet get none.
 * @returns how many got one.
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
 * Wraps every data key anew with the active master key, so that the ones before can be destroyed.
 *
 * @returns how many.
 * @throws {KeyMissingError} a master key that wraps one is gone.
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
 * Destroys data keys with which nothing is sealed any more: what was erased, or replaced, does not
 * open from then on, not even from a backup of its table.
 *
 * @param afterMs only where the active key is older, so that no process seals with the one before.
 * @returns how many.
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
