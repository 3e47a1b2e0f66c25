// The textbook's order on DBOS Transact: one process, which keeps its state in Postgres and needs no Temporal. Plain
// JavaScript, because the types of these packages are not installed with the project's own.

import { DBOS } from '@dbos-inc/dbos-sdk';
import postgres from 'postgres';
import { readSettings } from '../contenders/settings.ts';
import { serveTextbook } from '../contenders/textbook-http.ts';
import { createSteps, createTables } from '../contenders/textbook-steps.ts';

const COMPLETION_LIMIT_SECONDS = 30 * 24 * 3_600;

const settings = readSettings();
const sql = postgres(settings.databaseUrl, { max: 10, onnotice: () => undefined });
const steps = createSteps(sql, settings);

const orderWorkflow = DBOS.registerWorkflow(carryOut, { name: 'order' });

await createTables(sql);
DBOS.setConfig({
  name: 'textbook',
  applicationVersion: '1',
  systemDatabaseUrl: settings.databaseUrl,
  logLevel: 'warn',
});
await DBOS.launch();
await serveTextbook(sql, settings, {
  start: (id) => DBOS.startWorkflow(orderWorkflow, { workflowID: id })(id),
  complete: (id) => DBOS.send(id, true, 'completed'),
});
process.on('SIGTERM', () => process.exit());
process.send('ready');

/** @param {string} orderId */
async function carryOut(orderId) {
  const run = (name) => DBOS.runStep(() => steps[name](orderId), { name, retriesAllowed: true });
  await run('validateOrder');
  await run('placeOrder');
  const isCompleted = await DBOS.recv('completed', COMPLETION_LIMIT_SECONDS);
  if (isCompleted === null) throw new Error('the pharmacy did not complete the order');
  await run('fetchDocuments');
  await run('notify');
}
