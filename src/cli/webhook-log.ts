import { type Command, Option } from 'commander';
import {
  DELIVERED_EVENTS,
  DELIVERY_STATUSES,
  type DeliveryView,
} from '../contract/webhook-delivery.ts';
import { jsonOption, pastTime, wholeNumber, withExamples } from './arguments.ts';
import { optionIsOrder, recorded } from './command-audit.ts';
import { UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { withEndpoints } from './endpoints.ts';
import { type Cell, printFields, printJson, printTable } from './output.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 10_000;
const ORG = '--org 0198a000-0000-7000-8000-000000000001';
const ENDPOINT = '--endpoint 0198a000-0000-7000-8000-0000000000bb';

/** `rx webhook log` and `replay`: what was sent to endpoints, and to send it again. */
export function addLogCommands(group: Command, context: CliContext): void {
  addLog(group, context);
  addReplay(group, context);
}

interface LogOptions {
  org: string;
  endpoint?: string;
  status?: DeliveryView['status'];
  event?: DeliveryView['event'];
  order?: string;
  limit: number;
  json?: boolean;
}

function addLog(group: Command, context: CliContext): void {
  const command = group
    .command('log')
    .description('list deliveries, newest first; with --json each attempt')
    .requiredOption('--org <id>', 'the organization')
    .option('--endpoint <id>', 'to this endpoint')
    .addOption(new Option('--status <status>', 'in this status').choices(DELIVERY_STATUSES))
    .addOption(new Option('--event <event>', 'of this event').choices(DELIVERED_EVENTS))
    .option('--order <id>', 'that tell of this order')
    .option('--limit <n>', 'this many at most', wholeNumber(1, MAX_LIMIT), DEFAULT_LIMIT)
    .addOption(jsonOption())
    .action(async ({ org, json, ...options }: LogOptions) => {
      const { endpoint: endpointId, order: orderId, status, event, limit } = options;
      const query = {
        limit,
        ...(endpointId === undefined ? {} : { endpointId }),
        ...(orderId === undefined ? {} : { orderId }),
        ...(status === undefined ? {} : { status }),
        ...(event === undefined ? {} : { event }),
      };
      const { deliveries } = await withEndpoints(context, org, (endpoints) =>
        endpoints.deliveries(org, query),
      );
      if (json) return printJson(context, { deliveries });
      printTable(
        context,
        ['id', 'event', 'status', 'attempts', 'last', 'order', 'created', 'next attempt'],
        deliveries.map((each) => [
          ...[each.id, each.event, each.status, each.attempts.length, lastOf(each), each.orderId],
          ...[new Date(each.createdAt), timeOf(each.nextAttemptAt)],
        ]),
      );
    });
  recorded(command, 'DELIVERIES_LISTED', 'read', optionIsOrder);
  withExamples(
    command,
    `rx webhook log ${ORG} --status DEAD`,
    `rx webhook log ${ORG} --order 0198a000-0000-7000-8000-0000000000aa --json | jq '.deliveries[].attempts'`,
  );
}

interface ReplayOptions {
  org: string;
  endpoint?: string;
  since?: Date;
  dead?: boolean;
  json?: boolean;
}

function addReplay(group: Command, context: CliContext): void {
  const command = group
    .command('replay')
    .description('send a delivery again, or many of an endpoint')
    .argument('[id]', "the delivery's id")
    .requiredOption('--org <id>', 'the organization')
    .option('--endpoint <id>', 'deliveries to this endpoint')
    .option('--since <time>', 'created since: 24h, 2026-11-01 or a time', pastTime)
    .option('--dead', 'only those that were given up')
    .addOption(jsonOption())
    .action(async (id: string | undefined, options: ReplayOptions) => {
      if (id === undefined) return await replayMany(context, options);
      if (options.endpoint !== undefined || options.since !== undefined || options.dead) {
        throw new UsageError('give the id of a delivery, or --endpoint with --since or --dead');
      }
      const delivery = await withEndpoints(context, options.org, (endpoints) =>
        endpoints.replay(options.org, id, context.operator),
      );
      if (options.json) return printJson(context, { delivery });
      printFields(context, fieldsOfDelivery(delivery));
    });
  recorded(command, 'DELIVERY_REPLAYED', 'transaction');
  withExamples(
    command,
    `rx webhook replay 0198a000-0000-7000-8000-0000000000cc ${ORG}`,
    `rx webhook replay ${ORG} ${ENDPOINT} --dead`,
    `rx webhook replay ${ORG} ${ENDPOINT} --since 2026-11-24T18:00:00Z`,
  );
}

async function replayMany(
  context: CliContext,
  { org, endpoint, since, dead = false, json }: ReplayOptions,
): Promise<void> {
  if (endpoint === undefined || (since === undefined && !dead)) {
    throw new UsageError('give the id of a delivery, or --endpoint with --since or --dead');
  }
  const replayed = await withEndpoints(context, org, (endpoints) =>
    endpoints.replayMany(
      { organizationId: org, endpointId: endpoint },
      { since, deadOnly: dead },
      context.operator,
    ),
  );
  if (json) return printJson(context, { replayed });
  printFields(context, { replayed });
}

/** A delivery for people. */
export function fieldsOfDelivery(delivery: DeliveryView): Record<string, Cell> {
  const last = delivery.attempts.at(-1);
  return {
    id: delivery.id,
    endpoint: delivery.endpointId,
    event: delivery.event,
    order: delivery.orderId,
    status: delivery.status,
    attempts: delivery.attempts.length,
    last: lastOf(delivery),
    took: last === undefined ? null : `${last.durationMs} ms`,
    answer: last?.answerStart ?? null,
    'next attempt': timeOf(delivery.nextAttemptAt),
  };
}

/** How the last attempt ended: the answer's status, or what kept it from one. */
function lastOf({ attempts }: DeliveryView): string | number | null {
  const last = attempts.at(-1);
  return last?.status ?? last?.errorClass ?? null;
}

function timeOf(time: string | null): Date | null {
  return time === null ? null : new Date(time);
}
