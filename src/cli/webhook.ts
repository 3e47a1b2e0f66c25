import type { Command } from 'commander';
import {
  type EndpointView,
  type NewEndpointView,
  parseCreateEndpoint,
  parseUpdateEndpoint,
} from '../contract/webhook-endpoint.ts';
import type { EndpointService } from '../notifications/endpoints/endpoint-service.ts';
import { jsonOption, withExamples } from './arguments.ts';
import { firstIs, recorded, unrecorded } from './command-audit.ts';
import { EXIT, type ExitCode, UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import {
  accepted,
  addEndpointOptions,
  type EndpointOptions,
  endpointBody,
} from './endpoint-options.ts';
import { printFields, printJson, printTable } from './output.ts';
import { addLogCommands, fieldsOfDelivery } from './webhook-log.ts';
import { withEndpoints } from './with-endpoints.ts';

const ORG = '--org 0198a000-0000-7000-8000-000000000001';
const ID = '0198a000-0000-7000-8000-0000000000bb';

/**
 * Adds `rx webhook …`: the webhook endpoints of organizations and their deliveries.
 *
 * @param endWith sets the exit code to that of a failure when a tested endpoint does not work.
 */
export function addWebhookCommands(
  program: Command,
  context: CliContext,
  endWith: (exitCode: ExitCode) => void,
): void {
  const group = program
    .command('webhook')
    .description('manage the webhook endpoints of organizations, and their deliveries');
  addCreate(group, context);
  addList(group, context);
  addUpdate(group, context);
  addTest(group, context, endWith);
  addForOne(group, context, {
    name: 'show',
    does: 'show an endpoint, without its secrets',
    act: (endpoints, key) => endpoints.read(key),
  });
  addForOne(group, context, {
    name: 'enable',
    action: 'WEBHOOK_ENABLED',
    does: 'send events to an endpoint again; waiting deliveries are sent immediately',
    act: (endpoints, key) => endpoints.update(key, { status: 'ENABLED' }),
  });
  addForOne(group, context, {
    name: 'disable',
    action: 'WEBHOOK_DISABLED',
    does: 'queue no more events for an endpoint; queued deliveries wait',
    act: (endpoints, key) => endpoints.update(key, { status: 'DISABLED' }),
  });
  addForOne(group, context, {
    name: 'rotate',
    action: 'WEBHOOK_SECRET_ROTATED',
    does: 'create a new secret, shown only once; the old one also signs for another 24 hours',
    act: (endpoints, key) => endpoints.rotateSecret(key),
  });
  addDelete(group, context);
  addLogCommands(group, context);
}

interface OneOptions {
  org: string;
  json?: boolean;
}

function addCreate(group: Command, context: CliContext): void {
  const command = group
    .command('create')
    .description('create an endpoint; its secret is shown only once')
    .requiredOption('--org <id>', 'the organization')
    .requiredOption('--url <url>', 'the URL that receives the events');
  addEndpointOptions(command)
    .addOption(jsonOption())
    .action(async ({ org, json, ...options }: OneOptions & EndpointOptions) => {
      const request = accepted(parseCreateEndpoint(await endpointBody(context, options)));
      const endpoint = await withEndpoints(context, org, (endpoints) =>
        endpoints.create(org, request),
      );
      context.about({ requestId: `endpoint/${endpoint.id}` });
      printEndpoint(context, endpoint, { json });
    });
  recorded(command, 'WEBHOOK_CREATED', 'change');
  command.addHelpText(
    'after',
    `
Pass the header's value in a file, a variable or standard input. It is not accepted as an argument, because
every process of the machine can read those.`,
  );
  withExamples(
    command,
    `rx webhook create ${ORG} --url https://clinic.example.com/hooks/orders`,
    `rx webhook create ${ORG} --url https://clinic.example.com/hooks \\`,
    '    --events ORDER_STATUS_CHANGED,ADD_CASE_ATTACHMENT --document-format base64 \\',
    '    --header-name Authorization --header-value-env HOOK_AUTH --json | jq -r .endpoint.secret',
  );
}

function addList(group: Command, context: CliContext): void {
  const command = group
    .command('list')
    .description("list an organization's endpoints, newest first, without their secrets")
    .requiredOption('--org <id>', 'the organization')
    .addOption(jsonOption())
    .action(async ({ org, json }: OneOptions) => {
      const { endpoints: found } = await withEndpoints(context, org, (endpoints) =>
        endpoints.list(org, { limit: 200 }),
      );
      if (json) return printJson(context, { endpoints: found });
      printTable(
        context,
        ['id', 'status', 'reason', 'url', 'events', 'failing since', 'created'],
        found.map((each) => [
          ...[each.id, each.status, each.statusReason ?? null, each.url, each.events ?? 'all'],
          ...[timeOf(each.failingSince), timeOf(each.createdAt)],
        ]),
      );
    });
  unrecorded(command, 'it shows no secret');
  withExamples(command, `rx webhook list ${ORG}`);
}

interface UpdateOptions extends OneOptions, EndpointOptions {
  removeHeader?: boolean;
}

function addUpdate(group: Command, context: CliContext): void {
  const command = group
    .command('update')
    .description('change an endpoint; settings that are not given stay the same')
    .argument('<id>', "the endpoint's id")
    .requiredOption('--org <id>', 'the organization')
    .option('--url <url>', 'the URL that receives the events');
  addEndpointOptions(command)
    .option('--remove-header', 'stop sending the additional header')
    .addOption(jsonOption())
    .action(async (id: string, { org, json, removeHeader, ...options }: UpdateOptions) => {
      if (removeHeader && options.headerName !== undefined) {
        throw new UsageError('--header-name and --remove-header cannot be used together');
      }
      const body = await endpointBody(context, options);
      const changes = accepted(
        parseUpdateEndpoint(removeHeader ? { ...body, authHeader: null } : body),
      );
      const endpoint = await withEndpoints(context, org, (endpoints) =>
        endpoints.update({ organizationId: org, endpointId: id }, changes),
      );
      printEndpoint(context, endpoint, { json });
    });
  recorded(command, 'WEBHOOK_UPDATED', 'change', firstIs('endpoint'));
  withExamples(
    command,
    `rx webhook update ${ID} ${ORG} --events all`,
    `rx webhook update ${ID} ${ORG} --url https://clinic.example.com/new --remove-header`,
  );
}

function addTest(group: Command, context: CliContext, endWith: (exitCode: ExitCode) => void): void {
  const command = group
    .command('test')
    .description('send a PING to an endpoint now; if it succeeds, a PAUSED endpoint is enabled')
    .argument('<id>', "the endpoint's id")
    .requiredOption('--org <id>', 'the organization')
    .addOption(jsonOption())
    .action(async (id: string, { org, json }: OneOptions) => {
      const delivery = await withEndpoints(context, org, (endpoints) =>
        endpoints.test({ organizationId: org, endpointId: id }),
      );
      if (delivery.status !== 'DELIVERED') endWith(EXIT.failed);
      if (json) return printJson(context, { delivery });
      printFields(context, fieldsOfDelivery(delivery));
    });
  recorded(command, 'WEBHOOK_TESTED', 'change', firstIs('endpoint'));
  withExamples(command, `rx webhook test ${ID} ${ORG}`);
}

/** Adds a command that performs one action on one endpoint and prints the endpoint. */
function addForOne(
  group: Command,
  context: CliContext,
  {
    name,
    does,
    action,
    act,
  }: {
    name: string;
    does: string;
    /** The action in the audit log, when the command changes the endpoint. */
    action?: string;
    act: (
      endpoints: EndpointService,
      key: { organizationId: string; endpointId: string },
    ) => Promise<EndpointView | NewEndpointView>;
  },
): void {
  const command = group
    .command(name)
    .description(does)
    .argument('<id>', "the endpoint's id")
    .requiredOption('--org <id>', 'the organization')
    .addOption(jsonOption())
    .action(async (id: string, { org, json }: OneOptions) => {
      const endpoint = await withEndpoints(context, org, (endpoints) =>
        act(endpoints, { organizationId: org, endpointId: id }),
      );
      printEndpoint(context, endpoint, { json });
    });
  if (action === undefined) unrecorded(command, 'it shows no secret');
  else recorded(command, action, 'change', firstIs('endpoint'));
  withExamples(command, `rx webhook ${name} ${ID} ${ORG}`);
}

function addDelete(group: Command, context: CliContext): void {
  const command = group
    .command('delete')
    .description('delete an endpoint; what is open for it is cancelled, its log is kept')
    .argument('<id>', "the endpoint's id")
    .requiredOption('--org <id>', 'the organization')
    .addOption(jsonOption())
    .action(async (id: string, { org, json }: OneOptions) => {
      await withEndpoints(context, org, (endpoints) =>
        endpoints.delete({ organizationId: org, endpointId: id }),
      );
      if (json) return printJson(context, { endpoint: { id } });
      printFields(context, { deleted: id });
    });
  recorded(command, 'WEBHOOK_DELETED', 'change', firstIs('endpoint'));
  withExamples(command, `rx webhook delete ${ID} ${ORG}`);
}

function printEndpoint(
  context: CliContext,
  endpoint: EndpointView | NewEndpointView,
  { json }: { json: boolean | undefined },
): void {
  if (json) return printJson(context, { endpoint });
  if ('secret' in endpoint) {
    context.stdout.write(`${endpoint.secret}\n`);
    context.stderr.write('save the secret now: it is shown only once\n\n');
  }
  printFields(context, {
    id: endpoint.id,
    url: endpoint.url,
    status: endpoint.status,
    ...(endpoint.statusReason === undefined ? {} : { reason: endpoint.statusReason }),
    events: endpoint.events ?? 'all',
    description: endpoint.description ?? null,
    documents: endpoint.documentFormat,
    payload: endpoint.payloadMode,
    header: endpoint.authHeader?.name ?? null,
    'failing since': timeOf(endpoint.failingSince),
    'old secret until': timeOf(endpoint.previousSecretUntil),
    created: timeOf(endpoint.createdAt),
    updated: timeOf(endpoint.updatedAt),
  });
}

function timeOf(time: string | undefined): Date | null {
  return time === undefined ? null : new Date(time);
}
