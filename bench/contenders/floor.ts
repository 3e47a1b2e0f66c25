import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { readSettings } from './settings.ts';
import type { TextbookSteps } from './textbook-steps.ts';
import { completedSignal, textbookOrder } from './textbook-workflow.ts';

// The least that Temporal can do: the textbook's workflow with activities that do nothing, without HTTP and Postgres.
// Asked for `{ count, inFlight }`, it runs that many workflows.

Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
const { temporalAddress: address } = readSettings();
const client = new Client({ connection: await Connection.connect({ address }) });
/** What the last activity of each open workflow calls: waiting for the results would cost further calls. */
const ended = new Map<string, () => void>();
const activities: TextbookSteps = {
  validateOrder: async () => undefined,
  async placeOrder(id) {
    // The pharmacy's webhook arrives at about the end of the activity.
    setImmediate(() => void client.workflow.getHandle(id).signal(completedSignal));
  },
  fetchDocuments: async () => undefined,
  async notify(id) {
    ended.get(id)?.();
    ended.delete(id);
  },
};
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue: 'floor',
  workflowsPath: fileURLToPath(new URL('./textbook-workflow.ts', import.meta.url)),
  activities,
});
process.on('message', ({ count, inFlight }: { count: number; inFlight: number }) => {
  void run(count, inFlight).then((ids) => process.send?.(ids));
});
process.on('SIGTERM', () => process.exit());
process.send?.('ready');
await worker.run();

/** @returns the ids of the workflows, whose last activity has run. */
async function run(count: number, inFlight: number): Promise<string[]> {
  const ids: string[] = [];
  const endings: Promise<void>[] = [];
  let left = count;
  const startInTurn = async () => {
    while (left > 0) {
      left -= 1;
      const id = randomUUID();
      ids.push(id);
      endings.push(new Promise((resolve) => ended.set(id, resolve)));
      const options = { workflowId: id, taskQueue: 'floor', args: [id] as [string] };
      await client.workflow.start(textbookOrder, options);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, startInTurn));
  await Promise.all(endings);
  return ids;
}
