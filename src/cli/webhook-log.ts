import { type Command, Option } from 'commander';
import {
  DELIVERED_EVENTS,
  DELIVERY_STATUSES,
  type DeliveryView,
} from '../contract/webhook-delivery.ts';
import { requireNoAccessReason } from '../operators/access-reasons.ts';
import { organizationOf } from '../operators/organization-of.ts';
import { jsonOption, pastTime, wholeNumber, withExamples } from './arguments.ts';
import { firstIs, optionIsOrder, recorded } from './command-audit.ts';
import { UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { type Cell, printFields, printJson, printTable } from './output.ts';
import { withEndpoints } from './with-endpoints.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 10_000;
const ORG = '--org 0198a000-0000-7000-8000-000000000001';
const ENDPOINT = '--endpoint 0198a000-0000-7000-8000-0000000000bb';
const WHICH_DELIVERIES = 'pass either the id of a delivery, or --endpoint; --all only with --since';

/** Adds `rx webhook log`, `body` and `replay`, which list deliveries, show what they send and send them again. */
export function addLogCommands(group: Command, context: CliContext): void {
  addLog(group, context);
  addBody(group, context);
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
    .description('list deliveries, newest first; --json includes each attempt')
    .requiredOption('--org <id>', 'the organization')
    .option('--endpoint <id>', 'only deliveries to this endpoint')
    .addOption(
      new Option('--status <status>', 'only deliveries in this status').choices(DELIVERY_STATUSES),
    )
    .addOption(
      new Option('--event <event>', 'only deliveries of this event').choices(DELIVERED_EVENTS),
    )
    .option('--order <id>', 'only deliveries about this order')
    .option(
      '--limit <n>',
      'the maximum number of deliveries',
      wholeNumber(1, MAX_LIMIT),
      DEFAULT_LIMIT,
    )
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

function addBody(group: Command, context: CliContext): void {
  const command = group
    .command('body')
    .description('show the body of a delivery as it is sent, without documents and links to them')
    .argument('<id>', "the delivery's id")
    .addOption(jsonOption())
    .action(async (id: string, { json }: { json?: boolean }) => {
      const { database } = await context.connect();
      const organizationId = await organizationOf(database, { deliveryId: id });
      await requireNoAccessReason(database, organizationId);
      const { orderId, body } = await withEndpoints(context, organizationId, (endpoints) =>
        endpoints.body(organizationId, id),
      );
      context.about({ organizationId, ...(orderId !== null && { orderId }) });
      if (json) return printJson(context, { body });
      context.stdout.write(`${JSON.stringify(body, null, 2)}\n`);
    });
  recorded(command, 'DELIVERY_BODY_READ', 'read', firstIs('delivery'));
  withExamples(
    command,
    'rx webhook body 0198a000-0000-7000-8000-0000000000cc',
    "rx webhook body 0198a000-0000-7000-8000-0000000000cc --json | jq '.body.order'",
  );
}

interface ReplayOptions {
  org?: string;
  endpoint?: string;
  since?: Date;
  all?: boolean;
  json?: boolean;
}

function addReplay(group: Command, context: CliContext): void {
  const command = group
    .command('replay')
    .description('send one delivery again, or the failed deliveries of an endpoint')
    .argument('[id]', "the delivery's id")
    .option('--org <id>', 'the organization (default: that of the delivery or endpoint)')
    .option('--endpoint <id>', 'send the dead letters of this endpoint')
    .option('--since <time>', 'only deliveries created since: 24h, 2026-11-01 or a time', pastTime)
    .option('--all', 'with --since: also deliveries that are open or were delivered')
    .addOption(jsonOption())
    .action(async (id: string | undefined, options: ReplayOptions) => {
      if (id === undefined) return await replayMany(context, options);
      if (options.endpoint !== undefined || options.since !== undefined || options.all) {
        throw new UsageError(WHICH_DELIVERIES);
      }
      const { database } = await context.connect();
      const org = options.org ?? (await organizationOf(database, { deliveryId: id }));
      const delivery = await withEndpoints(context, org, (endpoints) =>
        endpoints.replay(org, id, { ...context.operator, requestId: `delivery/${id}` }),
      );
      if (options.json) return printJson(context, { delivery });
      printFields(context, fieldsOfDelivery(delivery));
    });
  recorded(command, 'DELIVERY_REPLAYED', 'transaction');
  withExamples(
    command,
    'rx webhook replay 0198a000-0000-7000-8000-0000000000cc',
    `rx webhook replay ${ENDPOINT}   # its dead letters`,
    `rx webhook replay ${ENDPOINT} --since 2026-11-24T18:00:00Z --all`,
  );
}

async function replayMany(
  context: CliContext,
  { org: given, endpoint, since, all = false, json }: ReplayOptions,
): Promise<void> {
  if (endpoint === undefined || (all && since === undefined)) {
    throw new UsageError(WHICH_DELIVERIES);
  }
  const { database } = await context.connect();
  const org = given ?? (await organizationOf(database, { endpointId: endpoint }));
  const replayed = await withEndpoints(context, org, (endpoints) =>
    endpoints.replayMany(
      { organizationId: org, endpointId: endpoint },
      { since, deadOnly: !all },
      { ...context.operator, requestId: `endpoint/${endpoint}` },
    ),
  );
  if (json) return printJson(context, { replayed });
  printFields(context, { replayed });
}

/** Returns the fields of a delivery for people. */
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

/** Returns the outcome of the last attempt: the HTTP status, or the class of the error. */
function lastOf({ attempts }: DeliveryView): string | number | null {
  const last = attempts.at(-1);
  return last?.status ?? last?.errorClass ?? null;
}

function timeOf(time: string | null): Date | null {
  return time === null ? null : new Date(time);
}
