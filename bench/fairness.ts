import { openDatabase } from '../src/storage/database.ts';
import { startBenchStack } from './bench-stack.ts';
import { BUSY, createOrderClients, MEASURED, median } from './order-clients.ts';

// Measures how long one organization's order takes while workers process a burst of another, compared
// with its time alone. It runs the whole stack over HTTP, with the pharmacy. Machines differ and are
// noisy, so the result is a ratio, on the last line.

const BACKLOG = 1_000;
const SINGLES = 7;

const stack = await startBenchStack({ LOG_LEVEL: 'warn' });
const { complete, placeMany } = createOrderClients(stack.baseUrl);
try {
  await complete(MEASURED, 3); // warms up
  const alone = await complete(MEASURED, SINGLES);
  const seconds = await placeMany(BUSY, BACKLOG);
  console.log(`${BACKLOG} orders accepted in ${seconds.toFixed(1)} s`);
  const leftAtFirst = await backlog();
  const beside = await complete(MEASURED, SINGLES);
  const backlogLeft = await backlog();
  console.log(`alone, ms: ${alone.join(' ')}`);
  console.log(`during the backlog, ms: ${beside.join(' ')}`);
  console.log(`backlog: ${leftAtFirst} orders before, ${backlogLeft} after`);
  const [aloneMs, besideBacklogMs] = [median(alone), median(beside)];
  const fairness = Number((besideBacklogMs / aloneMs).toFixed(2));
  console.log(JSON.stringify({ aloneMs, besideBacklogMs, fairness, backlogLeft }));
} finally {
  await stack.stop();
}

/** Counts the orders that have not ended. */
async function backlog(): Promise<number> {
  const database = openDatabase(stack.databaseUrl, 1);
  const [row] = await database<{ open: number }[]>`
    SELECT count(*)::int AS open FROM orders WHERE status <> 'COMPLETED'`;
  await database.end();
  return row?.open ?? 0;
}
