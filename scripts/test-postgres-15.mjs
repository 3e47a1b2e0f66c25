#!/usr/bin/env node
// Runs the HTTP tests on Postgres 15, the oldest version that is supported. Installs Debian's package when the machine
// has none, which needs root. The last line says how it ended.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SERVER = '/usr/lib/postgresql/15/bin/postgres';

function run(command, args, env = {}) {
  return (
    spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status === 0
  );
}

function end(message, code) {
  process.stdout.write(`${message}\n`);
  process.exit(code);
}

if (!existsSync(SERVER)) {
  if (process.getuid?.() !== 0) end('failed: install the package postgresql-15, or run as root', 1);
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '--yes', '--no-install-recommends', 'postgresql-15'];
  const installed = run('apt-get', ['update'], quiet) && run('apt-get', install, quiet);
  if (!installed || !existsSync(SERVER)) end('failed: postgresql-15 cannot be installed', 1);
}

const bootstrap = fileURLToPath(new URL('bootstrap.mjs', import.meta.url));
const tests = [bootstrap, 'vitest', 'run', '--project', 'http', ...process.argv.slice(2)];
if (!run(process.execPath, tests, { TEST_POSTGRES_VERSION: '15' })) {
  end('failed: the HTTP tests on Postgres 15', 1);
}
end('ok: the HTTP tests pass on Postgres 15', 0);
