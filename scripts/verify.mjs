// Runs every check that a change must pass: static checks, then `npm test`, then tests on Node 24. A
// failed check does not stop the run, so that one run shows every fault.
// The last line is `N passed, N failed`. Each check and each test of `npm test` counts as one.

import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { CHECKS, SKIPPED, TESTS_ON_NODE_24 } from './verify/checks.mjs';
import { FLAKY } from './verify/flaky-tests.mjs';
import { run } from './verify/run.mjs';
import { countTests, reporterArguments } from './verify/test-counts.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

// `.ci/run` reads this file to tell a completed run from a crashed one.
const COUNTS = 'node_modules/.cache/verify/counts';
const CHECKS_AT_ONCE = 2;
const TEST_REPORT = 'node_modules/.cache/verify/tests.json';
mkdirSync('node_modules/.cache/verify', { recursive: true });
rmSync(COUNTS, { force: true });
rmSync(TEST_REPORT, { force: true });

const total = { passed: 0, failed: 0, skipped: 0 };

function report(mark, name, since, note = '') {
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  console.log(`${mark} ${name.padEnd(16)}${seconds.padStart(7)} s${note && `  ${note}`}`);
}

async function check({ name, command, args, showResult = false }) {
  const since = performance.now();
  const { code, output } = await run(command, args);
  if (code === 0) {
    total.passed += 1;
    const lines = output.trimEnd().split('\n');
    report('✓', name, since, showResult ? lines.at(-1) : '');
    for (const line of lines.filter((each) => each.startsWith(FLAKY))) console.log(line);
  } else if (code === SKIPPED) {
    total.skipped += 1;
    report('-', name, since, `skipped: ${output.trim()}`);
  } else {
    total.failed += 1;
    report('✗', name, since);
    console.log(output.trimEnd());
  }
}

async function test() {
  const since = performance.now();
  const args = ['test', '--', ...reporterArguments(TEST_REPORT)];
  const { code } = await run('npm', args, { show: true });
  const tests = countTests(TEST_REPORT, code);
  total.passed += tests.passed;
  total.failed += tests.failed;
  total.skipped += tests.skipped;
  report(tests.failed === 0 ? '✓' : '✗', 'tests', since, `${tests.passed} passed`);
}

/**
 * Starts to build the programs that tests need; on a machine that has none of them, this takes minutes.
 * At a low priority, it uses the time in which a check uses one core and a test waits.
 */
function startBuilds() {
  const args = ['--import', 'tsx', 'scripts/verify/build-programs.ts'];
  // A test that needs a program that cannot be built reports the reason.
  const builds = spawn(process.execPath, args, { stdio: 'ignore' }).on('error', () => undefined);
  // The child processes inherit the priority.
  if (builds.pid !== undefined) os.setPriority(builds.pid, os.constants.priority.PRIORITY_LOW);
  builds.unref();
  process.once('exit', () => builds.kill());
}

startBuilds();
const waiting = [...CHECKS];
// Most checks use one core.
await Promise.all(
  Array.from({ length: CHECKS_AT_ONCE }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await check(next);
  }),
);
await test();
await check(TESTS_ON_NODE_24);

if (total.skipped > 0) console.log(`${total.skipped} skipped`);
const counts = `${total.passed} passed, ${total.failed} failed`;
writeFileSync(COUNTS, `${counts}\n`);
console.log(counts);
process.exitCode = total.failed === 0 ? 0 : 1;
