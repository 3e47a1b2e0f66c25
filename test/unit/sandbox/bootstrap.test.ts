import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT } from '../../../sandbox/folders.ts';
import { temporaryFolderOfTest } from './helpers.ts';

interface Package {
  version: string;
  optional?: boolean;
}

const LOCKED: Record<string, Package> = {
  'node_modules/a': { version: '1.0.0' },
  'node_modules/b-windows': { version: '1.0.0', optional: true },
};

/** Runs the bootstrap in a clone whose `npm` only records that it ran. */
function clone(installed: Record<string, Package> | undefined, engines = '>=20.19.0') {
  const root = temporaryFolderOfTest();
  for (const folder of ['scripts/bootstrap.mjs', 'scripts/bootstrap', 'sandbox']) {
    cpSync(path.join(PROJECT, folder), path.join(root, folder), { recursive: true });
  }
  const write = (file: string, content: unknown) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), JSON.stringify(content));
  };
  write('package.json', { type: 'module', engines: { node: engines } });
  write('package-lock.json', { packages: { '': {}, ...LOCKED } });
  if (installed) write('node_modules/.package-lock.json', { packages: installed });
  mkdirSync(path.join(root, 'bin'));
  const npm = '#!/bin/sh\necho "$@" >> npm-ran\necho out of npm\nexit 3\n';
  writeFileSync(path.join(root, 'bin/npm'), npm, { mode: 0o755 });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['scripts/bootstrap.mjs', 'program.ts'],
    { cwd: root, encoding: 'utf8', env: { PATH: `${path.join(root, 'bin')}:/usr/bin:/bin` } },
  );
  const npmRan = () => readFileSync(path.join(root, 'npm-ran'), 'utf8');
  return { status, stdout, stderr, npmRan };
}

test.each([
  ['nothing is installed', undefined],
  ['a package is missing', {}],
  ['another version is installed', { 'node_modules/a': { version: '0.9.0' } }],
  [
    'a package is installed that is no longer in the lock file',
    { 'node_modules/a': { version: '1.0.0' }, 'node_modules/old': { version: '1.0.0' } },
  ],
])('runs npm ci when %s, reports it on stderr, and keeps stdout empty', (_why, installed) => {
  const { status, stdout, stderr, npmRan } = clone(installed);
  expect(npmRan()).toMatch(/^ci /);
  expect(stdout).toBe('');
  expect(stderr).toContain('npm ci');
  expect(stderr).toContain('out of npm');
  expect(stderr).toContain('npm ci failed (exit code 3)');
  expect(status).toBe(1);
});

test('does not run npm when only packages for other platforms are missing', () => {
  const { npmRan } = clone({ 'node_modules/a': { version: '1.0.0' } });
  expect(npmRan).toThrow(/ENOENT/);
});

test('names the Node version that it needs, without a stack trace', () => {
  const { status, stderr, npmRan } = clone(undefined, '>=99.1.0');
  expect(stderr).toBe(
    `rx-orders needs Node >=99.1.0, and this is Node ${process.versions.node}: install a newer version\n`,
  );
  expect(status).toBe(1);
  expect(npmRan).toThrow(/ENOENT/);
});
