import type postgres from 'postgres';
import type { DataKeyRow, DataKeyTable } from '../keys/data-keys.ts';

/** Stores data keys in the table `data_keys`. */
export function dataKeyTable(sql: postgres.Sql): DataKeyTable {
  return {
    async find(id) {
      const [row] = await sql<DataKeyRow[]>`
        SELECT id, organization_id, master_key_id, wrapped FROM data_keys WHERE id = ${id}`;
      return row;
    },
    async findActive(organizationId) {
      const [row] = await sql<DataKeyRow[]>`
        SELECT id, organization_id, master_key_id, wrapped FROM data_keys
        WHERE organization_id IS NOT DISTINCT FROM ${organizationId} AND active`;
      return row;
    },
    async insertFirst({ id, organizationId, masterKeyId, wrapped }) {
      await sql`
        INSERT INTO data_keys (id, organization_id, master_key_id, wrapped, active)
        SELECT ${id}, ${organizationId}, ${masterKeyId}, ${wrapped}, true
        WHERE ${organizationId}::uuid IS NULL
          OR EXISTS (SELECT FROM organizations WHERE id = ${organizationId})
        ON CONFLICT DO NOTHING`;
    },
  };
}
