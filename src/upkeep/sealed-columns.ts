import type { Sql } from '../storage/database.ts';

/** A column whose texts are sealed with data keys. */
export interface SealedColumn {
  /** `table.column`. */
  readonly name: string;
  /** Returns a query for all rows that are not null, in the shape of {@link SealedRow}. */
  rows(sql: Sql): ReturnType<Sql>;
  /** Replaces the text of a row, unless it has changed since it was read. */
  replace(sql: Sql, row: SealedRow, sealed: string): Promise<unknown>;
}

/** A row of a {@link SealedColumn}. */
export interface SealedRow {
  readonly id: string;
  /** The organization; null: the deployment. */
  readonly owner: string | null;
  /** The context that the text was sealed with. */
  readonly context: string;
  readonly sealed: string;
}

/** An SQL expression on a row `t`. */
type Part = (sql: Sql) => ReturnType<Sql>;

function column(table: string, name: string, parts: { owner: Part; context: Part }): SealedColumn {
  return {
    name: `${table}.${name}`,
    rows: (sql) => sql`
      SELECT t.id::text AS id, ${parts.owner(sql)} AS owner, ${parts.context(sql)} AS context,
        t.${sql(name)} AS sealed
      FROM ${sql(table)} AS t WHERE t.${sql(name)} IS NOT NULL`,
    replace: (sql, { id, sealed: before }, sealed) => sql`
      UPDATE ${sql(table)} AS t SET ${sql(name)} = ${sealed}
      WHERE t.id::text = ${id} AND t.${sql(name)} = ${before}`,
  };
}

const organization: Part = (sql) => sql`t.organization_id`;
const deployment: Part = (sql) => sql`NULL::uuid`;
const endpointSecret: Part = (sql) => sql`'endpoint/' || t.id || '/secret'`;

/** Every column that is sealed with data keys. A test compares the list with the database. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  column('orders', 'data_key', { owner: organization, context: (sql) => sql`'order/' || t.id` }),
  column('orders', 'case_key', {
    owner: organization,
    context: (sql) => sql`'case/' || t.case_id`,
  }),
  column('cases', 'data_key', { owner: organization, context: (sql) => sql`'case/' || t.id` }),
  column('webhook_endpoints', 'secret', { owner: organization, context: endpointSecret }),
  column('webhook_endpoints', 'previous_secret', { owner: organization, context: endpointSecret }),
  column('webhook_endpoints', 'auth_header_value', {
    owner: organization,
    context: (sql) => sql`'endpoint/' || t.id || '/auth-header'`,
  }),
  column('webhook_attempts', 'answer_start', {
    owner: (sql) =>
      sql`(SELECT organization_id FROM webhook_deliveries AS d WHERE d.id = t.delivery_id)`,
    context: (sql) => sql`'delivery/' || t.delivery_id || '/answer'`,
  }),
  column('pharmacies', 'token', {
    owner: deployment,
    context: (sql) => sql`'pharmacy/' || t.id || '/token'`,
  }),
  column('pharmacies', 'webhook_auth', {
    owner: deployment,
    context: (sql) => sql`'pharmacy/' || t.id || '/webhook-auth'`,
  }),
  column('inbox', 'shipment', {
    owner: deployment,
    context: (sql) => sql`'inbox/' || t.pharmacy_id || '/' || t.webhook_id || '/shipment'`,
  }),
];
