// Checks a compose file, and each of the others merged into it, against the compose specification, without a
// container engine:
//   node scripts/verify/compose.mjs docker-compose.yml [deploy/compose/proxy.yml …]
// Exits 0 when they are valid, 1 with the fault when one is not, 3 when the checker cannot be built
// because Go is not installed.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache-folder.mjs';

const SOURCE = fileURLToPath(new URL('../../tools/compose-check/', import.meta.url));
const BUILD_LIMIT_MS = 10 * 60_000;

/** Leads to exit code 3, which `npm run verify` reports as skipped. */
class CannotCheckError extends Error {}

/** The path of the checker. Builds it once for each version of its source. */
function checker() {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum', 'main.go']) hash.update(readFileSync(SOURCE + name));
  const version = hash.digest('hex').slice(0, 12);
  const binary = path.join(cacheFolder(), `compose-check-${version}`);
  if (existsSync(binary)) return binary;

  mkdirSync(cacheFolder(), { recursive: true });
  const unfinished = `${binary}.${process.pid}`;
  const build = spawnSync('go', ['build', '-trimpath', '-buildvcs=false', '-o', unfinished, '.'], {
    cwd: SOURCE,
    encoding: 'utf8',
    timeout: BUILD_LIMIT_MS,
  });
  if (build.error?.code === 'ENOENT') {
    throw new CannotCheckError('Go is not installed, so the compose file was not checked');
  }
  if (build.status !== 0) {
    rmSync(unfinished, { force: true });
    throw new Error(`cannot build tools/compose-check\n${build.error?.message ?? build.stderr}`);
  }
  // A rename is atomic, so no other process ever runs half a file.
  renameSync(unfinished, binary);
  return binary;
}

/** @param {string[]} files merged in this order. @returns {string | undefined} the fault; undefined when they are valid. */
function check(files) {
  // The files have no defaults for some variables. Their values do not matter to the check.
  const required = files.flatMap((file) => [
    ...readFileSync(file, 'utf8').matchAll(/\$\{(\w+):?\?/g),
  ]);
  const environment = required.map(([, name]) => `${name}=checked`);
  const result = spawnSync(checker(), [...files, ...environment], { encoding: 'utf8' });
  if (result.status === 0) return undefined;
  return result.error?.message ?? result.stderr.trim();
}

try {
  const [file = 'docker-compose.yml', ...others] = process.argv.slice(2);
  for (const files of [[file], ...others.map((other) => [file, other])]) {
    const fault = check(files);
    if (fault === undefined) continue;
    console.error(fault);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = error instanceof CannotCheckError ? 3 : 1;
}
