import { once } from 'node:events';
import { type Command, InvalidArgumentError } from 'commander';
import { EVENT_NAMES, type EventName } from '../contract/case-activity.ts';
import type { EndpointService } from '../notifications/endpoints/endpoint-service.ts';
import { derivedSecret } from '../notifications/sending/signatures.ts';
import { listOf, withExamples } from './arguments.ts';
import { recorded } from './command-audit.ts';
import { UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { type Passed, startForwarder } from './forwarder.ts';
import { withEndpoints } from './with-endpoints.ts';

/** The organization "Demo Telehealth" of the sandbox. */
const DEMO = '0198a000-0000-7000-8000-000000000001';
/** Distinguishes the endpoints of `rx listen` from endpoints that people created. */
const DESCRIPTION = /^rx listen, process (\d+)$/;

interface ListenOptions {
  forwardTo: URL;
  org: string;
  events?: EventName[];
}

/** Adds `rx listen`, which prints webhooks and forwards them to a program in development. */
export function addListenCommand(program: Command, context: CliContext): void {
  const command = program
    .command('listen')
    .description('print webhooks and forward them, until Ctrl-C; only for the sandbox')
    .requiredOption('--forward-to <url>', 'the URL that receives the webhooks', forwardUrl)
    .option('--events <names>', 'only these events, comma-separated', listOf(EVENT_NAMES))
    .option('--org <id>', 'the organization', DEMO)
    .action(async (options: ListenOptions) => {
      await withEndpoints(context, options.org, (endpoints) => listen(context, endpoints, options));
    });
  recorded(command, 'WEBHOOKS_LISTENED', 'stream');
  withExamples(
    command,
    'rx listen --forward-to http://127.0.0.1:8080/webhooks',
    'rx listen --forward-to http://127.0.0.1:8080/webhooks --events ORDER_STATUS_CHANGED',
  );
}

async function listen(
  context: CliContext,
  endpoints: EndpointService,
  { forwardTo, org: organizationId, events }: ListenOptions,
): Promise<void> {
  const { webhooks, hashSecret } = await context.connect();
  if (webhooks.destinations !== 'loopback') {
    throw new UsageError(
      'rx listen is only for the sandbox: other deployments send no webhooks to loopback addresses',
    );
  }
  await removeLeftovers(endpoints, organizationId);
  // The same each time, so that the receiver's configuration stays as it is.
  const secret = derivedSecret(hashSecret(), `rx listen for ${organizationId}`);
  const forwarder = await startForwarder({
    forwardTo,
    secret,
    onPassed: (passed) => context.stdout.write(`${lineOf(passed)}\n`),
  });
  try {
    const description = `rx listen, process ${process.pid}`;
    const request = {
      ...{ url: forwarder.url, description },
      ...{ documentFormat: 'url' as const, payloadMode: 'event' as const },
      ...(events && { events }),
    };
    const endpoint = await endpoints.create(organizationId, request, secret);
    context.stdout.write(`listening; the endpoint's secret is ${secret}\n`);
    if (!context.stopping.aborted) await once(context.stopping, 'abort');
    await endpoints.delete({ organizationId, endpointId: endpoint.id });
  } finally {
    await forwarder.close();
  }
}

/** Deletes the endpoints of listeners that were killed before they could delete them. */
async function removeLeftovers(endpoints: EndpointService, organizationId: string): Promise<void> {
  const { endpoints: all } = await endpoints.list(organizationId, { limit: 200 });
  for (const { id, description } of all) {
    const pid = DESCRIPTION.exec(description ?? '')?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await endpoints.delete({ organizationId, endpointId: id });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function lineOf({ event, status, durationMs }: Passed): string {
  const time = new Date().toISOString().slice(11, 23);
  const order = 'order' in event ? `${event.order.id} ${event.order.status}` : '';
  const answer = status === undefined ? 'unreachable' : `${status} in ${durationMs} ms`;
  return `${time}  ${event.event.padEnd(20)}  ${order}  → ${answer}`;
}

function forwardUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new InvalidArgumentError('It must be an http:// or https:// URL.');
  }
  return url;
}
