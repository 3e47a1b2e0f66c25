import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { openDatabase } from '../../src/storage/database.ts';

/** A part of a store, as text. */
export interface Dumped {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Dumps all tables of a database as text, and the last statement of each of its processes. In the
 * database's files a long value is compressed or split over pages, so a search could miss it. A dump has
 * each value complete.
 */
export async function* dumpTables(databaseUrl: string): AsyncGenerator<Dumped> {
  const database = openDatabase(databaseUrl, 1);
  try {
    const tables = await database<{ name: string; query: string }[]>`
      SELECT format('%I.%I', table_schema, table_name) AS name, format('SELECT %s FROM %I.%I',
        string_agg(format('%I::text', column_name), ', '), table_schema, table_name) AS query
      FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
      WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'
        OR table_name = 'pg_stat_activity'
      GROUP BY table_schema, table_name ORDER BY 1`;
    for (const { name, query } of tables) {
      const rows = await database.unsafe<Record<string, string>[]>(query).values();
      const lines = rows.map((row) => (row as (string | null)[]).join('\t'));
      yield { name, bytes: Buffer.from(lines.join('\n')) };
    }
  } finally {
    await database.end();
  }
}

/** Dumps all workflows of a namespace: what lists show of each workflow, and its complete history. */
export async function* dumpWorkflows(address: string, namespace: string): AsyncGenerator<Dumped> {
  const connection = await Connection.connect({ address });
  try {
    const { workflow } = new Client({ connection, namespace });
    for await (const { workflowId, runId, raw } of workflow.list()) {
      const history = await workflow.getHandle(workflowId, runId).fetchHistory();
      const { WorkflowExecutionInfo } = proto.temporal.api.workflow.v1;
      yield {
        name: workflowId,
        bytes: Buffer.concat([
          WorkflowExecutionInfo.encode(raw).finish(),
          proto.temporal.api.history.v1.History.encode(history).finish(),
        ]),
      };
    }
  } finally {
    await connection.close();
  }
}
