import { createWriteStream, mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { WebhookEvent } from '../packages/webhooks/src/index.ts';
import { downloadDocuments, followOrder, placeExample } from './demo-order.ts';
import { type DemoReceiver, startDemoReceiver } from './demo-receiver.ts';
import { drawOrder } from './order-drawing.ts';
import { runProgram } from './run-program.ts';
import { type Stack, startStack } from './stack.ts';
import { watchStopSignals } from './stop-signals.ts';

// `npm run demo`: starts the sandbox on free ports, follows one order from the request to its
// documents, and stops. With `--json` stdout is one line for programs; with `--keep` the sandbox keeps
// running.

const { json, keep } = options();
const signals = watchStopSignals(process.env);
// With `--json` the text for people goes to stderr, so that stdout is only the JSON line.
const screen = json ? process.stderr : process.stdout;
const say = (text: string) => screen.write(`${text}\n`);

process.exit(
  await runProgram(
    async () => {
      const dataDir = path.resolve(process.env.DATA_DIR || '.data/demo');
      const since = performance.now();
      say('starting Postgres, Temporal, the pharmacy simulator, server and worker …');
      const stack = await startStack({
        dataDir,
        env: process.env,
        ports: 'free',
        log: logFile(dataDir),
        news: screen,
        signal: signals.stopping,
      });
      signals.onRepeat(() => void stack.killAll());
      try {
        say(`the sandbox is ready after ${secondsSince(since)} s\n`);
        await Promise.race([show(stack), stack.failed]);
        if (keep) {
          say('\nthe sandbox runs until Ctrl-C');
          await Promise.race([signals.stopped, stack.failed]);
        }
      } finally {
        await stack.stop();
      }
    },
    signals.stopping,
    (message) => {
      process.stderr.write(`${message}\n`);
    },
  ),
);

async function show(stack: Stack): Promise<void> {
  const receiver = await startDemoReceiver(stack.baseUrl);
  try {
    await showOrder(stack, receiver);
  } finally {
    await receiver.close();
  }
}

async function showOrder(stack: Stack, receiver: DemoReceiver): Promise<void> {
  const since = performance.now();
  const drawing = drawOrder(screen);
  const orderId = await placeExample(stack.baseUrl);
  drawing.reached('ACCEPTED');
  const order = await followOrder(stack.baseUrl, orderId, signals.stopping, ({ status }) =>
    drawing.reached(status),
  ).finally(() => drawing.end());
  const seconds = secondsSince(since);
  const workflowId = `order-${orderId}`;
  const folder = path.join(stack.dataDir, 'downloads', orderId);
  const documents = await downloadDocuments(stack.baseUrl, folder, orderId, order);

  say(`\norder ${orderId} is ${order.status} after ${seconds} s; its documents:`);
  for (const { name, path: file } of documents) say(`  ${name}  ${path.relative('', file)}`);
  await receiver.waitFor(
    (event) => event.event === 'ORDER_STATUS_CHANGED' && event.order.id === orderId,
    signals.stopping,
  );
  say(`webhooks that the organization received at ${receiver.url}, each signature verified:`);
  for (const event of receiver.events) say(`  ${describe(event)}`);
  say(
    `the order in the Temporal UI${keep ? '' : ' (run the demo with `-- --keep` to open this page)'}:`,
  );
  say(`  ${stack.temporalUiUrl}/namespaces/${namespace(stack)}/workflows/${workflowId}`);
  if (json) {
    const line = { orderId, workflowId, status: order.status, documents, seconds };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

/** Formats an event as one line. */
function describe(event: WebhookEvent): string {
  if (!('order' in event)) return event.event;
  const what = 'attachment' in event.payload ? event.payload.attachment.fileName : '';
  return `${event.event.padEnd(22)} ${what || event.order.message}`;
}

function namespace(stack: Stack): string {
  return stack.env.TEMPORAL_NAMESPACE ?? 'default';
}

function secondsSince(since: number): number {
  return Number(((performance.now() - since) / 1000).toFixed(2));
}

/** The log of the parts goes to a file, because it would disturb the progress drawing. */
function logFile(dataDir: string): { write(text: string): void } {
  let stream: ReturnType<typeof createWriteStream> | undefined;
  return {
    write(text) {
      if (stream === undefined) {
        mkdirSync(path.join(dataDir, 'logs'), { recursive: true });
        stream = createWriteStream(path.join(dataDir, 'logs', 'stack.log'), { mode: 0o600 });
        stream.on('error', () => undefined);
      }
      stream.write(text);
    },
  };
}

function options(): { json: boolean; keep: boolean } {
  try {
    const { values } = parseArgs({
      options: { json: { type: 'boolean' }, keep: { type: 'boolean' } },
    });
    return { json: values.json === true, keep: values.keep === true };
  } catch {
    process.stderr.write('usage: npm run demo -- [--json] [--keep]\n');
    process.exit(1);
  }
}
