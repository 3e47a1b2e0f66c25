import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import postgres from 'postgres';
import { readSettings } from './settings.ts';
import { createSteps } from './textbook-steps.ts';

// The worker of a textbook's solution.

Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
const settings = readSettings();
const sql = postgres(settings.databaseUrl, { max: 10, onnotice: () => undefined });
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: settings.temporalAddress }),
  taskQueue: 'textbook',
  workflowsPath: fileURLToPath(new URL('./textbook-workflow.ts', import.meta.url)),
  activities: createSteps(sql, settings),
});
process.on('SIGTERM', () => process.exit());
process.send?.('ready');
await worker.run();
