import type { Command } from 'commander';
import {
  readDocumentSizes,
  readRetention,
  readTableSizes,
  type TableSize,
} from '../operators/table-sizes.ts';
import { temporalCode } from '../temporal/call-with-timeout.ts';
import { countWorkflows, type WorkflowCounts } from '../temporal/count-workflows.ts';
import { jsonOption, withExamples } from './arguments.ts';
import { unrecorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { printFields, printJson, printTable } from './output.ts';
import { withTemporal } from './with-temporal.ts';

/** Adds `rx stats`: how large everything is, how it grows, and what is pruned. */
export function addStatsCommand(program: Command, context: CliContext): void {
  const command = program
    .command('stats')
    .description('show sizes, growth, and what is pruned when')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const connection = await context.connect();
      const { database } = connection;
      const tables = await readTableSizes(database);
      const rowsOf = (name: string) => tables.find(({ table }) => table === name)?.rows ?? 0;
      const documents = await readDocumentSizes(database, rowsOf('documents'));
      const retention = await readRetention(database);
      const temporal = await withTemporal(connection, countWorkflows).catch((error: unknown) => ({
        problem: temporalCode(error),
      }));
      const orders = rowsOf('orders');
      const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
      if (json) {
        const postgres = { bytes, orders, bytesPerOrder: perOrder(bytes, orders), tables };
        return printJson(context, { stats: { postgres, documents, temporal, retention } });
      }
      printTable(
        context,
        ['table', 'rows', 'size', 'per order', 'rows/day', 'size/day', 'oldest'],
        tables.map((table) => rowOf(table, orders)),
      );
      context.stdout.write('\n');
      printFields(context, {
        postgres: `${sizeText(bytes)}, ${sizeText(perOrder(bytes, orders))} an order`,
        documents: `${documents.count}, ${sizeText(documents.bytes)}`,
        temporal: temporalText(temporal),
      });
      context.stdout.write('\n');
      printTable(
        context,
        ['pruned', 'kept', 'next', 'last', 'rows so far'],
        retention.map(({ table, days, nextAt, sweptAt, pruned }) => [
          ...[table, days === null ? 'for ever' : `${days} days`, nextAt, sweptAt, pruned],
        ]),
      );
    });
  unrecorded(command, 'it shows only sizes and counts');
  withExamples(command, 'rx stats', "rx stats --json | jq '.stats.postgres.bytesPerOrder'");
}

function rowOf({ table, rows, bytes, rowsADay, oldest }: TableSize, orders: number) {
  const bytesADay = rowsADay === null || rows === 0 ? null : (bytes / rows) * rowsADay;
  return [
    ...[table, rows, sizeText(bytes), sizeText(perOrder(bytes, orders))],
    ...[rowsADay, bytesADay === null ? null : sizeText(bytesADay)],
    oldest?.toISOString().slice(0, 10) ?? null,
  ];
}

function perOrder(bytes: number, orders: number): number | null {
  return orders === 0 ? null : Math.round(bytes / orders);
}

function temporalText(temporal: WorkflowCounts | { readonly problem: string }): string {
  if ('problem' in temporal) return `no figures: ${temporal.problem}`;
  const { open, closed, retentionDays } = temporal;
  const kept = retentionDays === null ? 'an unknown time' : `${retentionDays}d`;
  return `${open} open runs, ${closed} closed, kept for ${kept}`;
}

/** A size in powers of 1,024, as Postgres writes it. */
function sizeText(bytes: number | null): string {
  if (bytes === null) return '-';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1_024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
