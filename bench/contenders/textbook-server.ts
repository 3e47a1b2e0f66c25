import { Client, Connection } from '@temporalio/client';
import postgres from 'postgres';
import { readSettings } from './settings.ts';
import { serveTextbook } from './textbook-http.ts';
import { createTables } from './textbook-steps.ts';
import { completedSignal, textbookOrder } from './textbook-workflow.ts';

// The server of a textbook's solution: it stores an order and starts its workflow.

const settings = readSettings();
const sql = postgres(settings.databaseUrl, { max: 10, onnotice: () => undefined });
await createTables(sql);
const connection = await Connection.connect({ address: settings.temporalAddress });
const client = new Client({ connection });
await serveTextbook(sql, settings, {
  start: (id) =>
    client.workflow.start(textbookOrder, { workflowId: id, taskQueue: 'textbook', args: [id] }),
  complete: (id) => client.workflow.getHandle(id).signal(completedSignal),
});
process.on('SIGTERM', () => process.exit());
process.send?.('ready');
