import { randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { placeExample } from '../src/embedded/demo-order.ts';
import { startStack } from '../src/embedded/stack.ts';
import { openDatabase } from '../src/storage/database.ts';
import { testEnvironment } from '../test/support/environment.ts';
import { hostileBodies } from './fuzz/bodies.ts';
import { brokenRules } from './fuzz/broken-rules.ts';
import { obtainSchemathesis, runSchemathesis } from './fuzz/schemathesis.ts';

// `npm run fuzz -- --cases N [--seed S]`: half by the OpenAPI document, half with bodies that it
// cannot describe; then whether any accepted order breaks a rule. The result is the last line.

const { values } = parseArgs({ options: { cases: { type: 'string' }, seed: { type: 'string' } } });
const cases = Number(values.cases ?? 1000);
const seed = Number(values.seed ?? randomInt(2 ** 31 - 1));
if (!Number.isSafeInteger(cases) || cases < 2 || !Number.isSafeInteger(seed)) {
  console.error('usage: npm run fuzz -- --cases N [--seed S]');
  process.exit(2);
}
const program = obtainSchemathesis();
if (!program) console.error('python3 is not here: only the bodies of our own are sent');

const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-fuzz-'));
const stack = await startStack({
  dataDir: path.join(folder, 'data'),
  ports: 'free',
  env: testEnvironment(),
  log: { write: () => true },
  news: process.stderr,
});
const failures: unknown[] = [];
let serverErrors = 0;
let offSchema = 0;
let acceptedBreakingARule = 0;
try {
  await placeExample(stack.baseUrl);
  const ours = program ? Math.floor(cases / 2) : cases;
  for (const body of fc.sample(hostileBodies(), { numRuns: ours, seed })) {
    const answer = await fetch(
      `${stack.baseUrl}/api/v1/cases/123e4567-e89b-12d3-a456-426614174000`,
      {
        method: 'POST',
        headers: { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' },
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(10_000),
      },
    );
    const text = await answer.text();
    const wrong = !/^\{"status":/.test(text);
    if (answer.status >= 500) serverErrors += 1;
    if (wrong) offSchema += 1;
    if (wrong || answer.status >= 500)
      failures.push({ status: answer.status, body: body.toString('base64'), answer: text });
  }
  if (program) {
    const { baseUrl } = stack;
    const { status, report } = runSchemathesis(program, {
      baseUrl,
      folder,
      cases: cases - ours,
      seed,
    });
    // Its exit code says that a check failed, not which: all count as off the schema; see the report.
    if (status !== 0) {
      offSchema += 1;
      failures.push({ schemathesis: status, report });
    }
  }
  const database = openDatabase(stack.databaseUrl, 1);
  for (const row of await database<{ id: string; prescription: unknown }[]>`
    SELECT id, prescription FROM orders`) {
    const broken = brokenRules(row.prescription);
    if (broken.length === 0) continue;
    acceptedBreakingARule += 1;
    failures.push({ order: row.id, broken });
  }
  await database.end();
} finally {
  await stack.stop();
  await rm(path.join(folder, 'data'), { recursive: true, force: true });
}
const failed = failures.length > 0;
if (failed) {
  const file = path.join(folder, 'failures.json');
  await writeFile(file, JSON.stringify(failures, null, 2));
  console.error(
    `failing requests: ${file}\nagain: npm run fuzz -- --cases ${cases} --seed ${seed}`,
  );
} else await rm(folder, { recursive: true, force: true });
console.log(JSON.stringify({ cases, serverErrors, offSchema, acceptedBreakingARule, seed }));
process.exitCode = failed ? 1 : program ? 0 : 3;
