import { randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startStack } from '../sandbox/stack.ts';
import { openDatabase } from '../src/storage/database.ts';
import { brokenRules } from '../test/support/broken-rules.ts';
import { DOCUMENT } from '../test/support/documented.ts';
import { testEnvironment } from '../test/support/environment.ts';
import { openedOrder, withKeysOf } from '../test/support/sealed-rows.ts';
import { withKnownIds } from './fuzz/known-ids.ts';
import { placeKnownOrder } from './fuzz/known-order.ts';
import { type Failure, sendOurBodies } from './fuzz/our-bodies.ts';
import { obtainSchemathesis, runSchemathesis } from './fuzz/schemathesis.ts';

/*
 *   npm run fuzz -- --cases N [--seed S]
 *
 * Schemathesis makes half of the requests from the OpenAPI document. The other half are bodies that no
 * document can describe. Then the run checks whether any accepted order breaks a rule. The last line is
 * the result. Exit codes: 0, it found nothing; 1, it found something; 2, wrong arguments; 3, schemathesis
 * is not available, so all requests were of the second kind.
 */

/** How many operations take a parameter or a body and so get their full share. The others get one request. */
const VARIED = 21;

const { values } = parseArgs({ options: { cases: { type: 'string' }, seed: { type: 'string' } } });
const cases = Number(values.cases ?? 1000);
const seed = Number(values.seed ?? randomInt(2 ** 31 - 1));
if (!Number.isSafeInteger(cases) || cases < 2 || !Number.isSafeInteger(seed)) {
  console.error('usage: npm run fuzz -- --cases N [--seed S]   N at least 2, both whole numbers');
  process.exit(2);
}
const obtained = obtainSchemathesis();
if ('missing' in obtained) {
  console.error(`schemathesis is not available (${obtained.missing}); sending our own bodies only`);
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-fuzz-'));
const failures: (Failure | { order: string; broken: string[] })[] = [];
const stack = await startStack({
  dataDir: path.join(folder, 'data'),
  ports: 'free',
  // Answers of the rate limits would hide the answers of the code under test.
  env: testEnvironment({ RATE_LIMIT_PER_SECOND: '10000' }),
  log: { write: () => true },
  news: process.stderr,
});
const found = { cases: 0, serverErrors: 0, offSchema: 0, acceptedBreakingARule: 0 };
try {
  const { baseUrl } = stack;
  const known = await placeKnownOrder(baseUrl);
  if ('program' in obtained) {
    const made = await runSchemathesis(obtained.program, {
      baseUrl,
      folder,
      seed,
      document: withKnownIds(DOCUMENT, known),
      each: Math.max(1, Math.round(cases / 2 / VARIED)),
      limitMs: 60_000 + cases * 200,
    });
    add(made);
  }
  add(
    await sendOurBodies(baseUrl, {
      cases: Math.max(1, cases - found.cases),
      seed,
      onFailure: (failure) => failures.push(failure),
    }),
  );
  await judgeAccepted();
} finally {
  await stack.stop();
  await rm(path.join(folder, 'data'), { recursive: true, force: true });
}

const failed = found.serverErrors + found.offSchema + found.acceptedBreakingARule > 0;
if (failed) {
  const file = path.join(folder, 'failures.json');
  await writeFile(file, JSON.stringify(failures, null, 2));
  const again = `npm run fuzz -- --cases ${cases} --seed ${seed}`;
  console.error(`our requests that failed: ${file}\nagain: ${again}`);
} else {
  await rm(folder, { recursive: true, force: true });
}
console.log(JSON.stringify({ ...found, seed }));
process.exitCode = failed ? 1 : 'missing' in obtained ? 3 : 0;

function add(more: Partial<typeof found>): void {
  found.cases += more.cases ?? 0;
  found.serverErrors += more.serverErrors ?? 0;
  found.offSchema += more.offSchema ?? 0;
  found.acceptedBreakingARule += more.acceptedBreakingARule ?? 0;
}

async function judgeAccepted(): Promise<void> {
  const database = openDatabase(stack.databaseUrl, 1, withKeysOf(stack.env['ENCRYPTION_KEYS']));
  const rows = await database<{ id: string }[]>`SELECT id FROM orders`;
  for (const { id } of rows) {
    const { prescription } = await openedOrder(database, id);
    const broken = brokenRules(prescription);
    if (broken.length === 0) continue;
    add({ acceptedBreakingARule: 1 });
    failures.push({ order: id, broken });
  }
  await database.end();
  console.error(`${rows.length} accepted orders checked`);
}
