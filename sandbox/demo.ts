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

// `npm run demo`: the whole stack on free ports, one order from request to documents, and the end.
// With `--json` the last line of stdout is for programs; with `--keep` the stack stays up.

const { json, keep } = options();
const lifetime = watchStopSignals(process.env);
// People read stderr then, so that stdout is the one line.
const screen = json ? process.stderr : process.stdout;
const say = (text: string) => screen.write(`${text}\n`);

process.exit(
  await runProgram(
    async () => {
      const dataDir = path.resolve(process.env.DATA_DIR || '.data/demo');
      const since = performance.now();
      say('starting Postgres, Temporal, a pharmacy, server and worker …');
      const stack = await startStack({
        dataDir,
        env: process.env,
        ports: 'free',
        log: logFile(dataDir),
        news: screen,
        signal: lifetime.stopping,
      });
      lifetime.onRepeat(() => void stack.killAll());
      try {
        say(`the stack is up after ${secondsSince(since)} s\n`);
        await Promise.race([show(stack), stack.failed]);
        if (keep) {
          say('\nthe stack stays up until Ctrl-C');
          await Promise.race([lifetime.stopped, stack.failed]);
        }
      } finally {
        await stack.stop();
      }
    },
    lifetime.stopping,
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
  const order = await followOrder(stack.baseUrl, orderId, lifetime.stopping, ({ status }) =>
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
    lifetime.stopping,
  );
  say(`what the organization was told at ${receiver.url}, each signature verified:`);
  for (const event of receiver.events) say(`  ${told(event)}`);
  say(`its page in the Temporal UI${keep ? '' : ', gone with the stack (keep it: `-- --keep`)'}:`);
  say(`  ${stack.temporalUiUrl}/namespaces/${namespace(stack)}/workflows/${workflowId}`);
  if (json) {
    const line = { orderId, workflowId, status: order.status, documents, seconds };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

/** An event in a line. */
function told(event: WebhookEvent): string {
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

/** The parts' lines would disturb the picture. */
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
