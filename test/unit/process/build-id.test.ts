import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { buildIdOf, packageVersion } from '../../../src/process/build-id.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'rx-build-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const buildIdIn = (code: string) => buildIdOf(code, pathToFileURL(`${folder}/`));

it('is the version and the commit that the build recorded', () => {
  writeFileSync(path.join(folder, 'commit.txt'), '99c5c5a03f9d-dirty\n');
  expect(buildIdIn('code')).toBe(`${manifest.version}+99c5c5a03f9d-dirty`);
});

it.each([['no record'], ['an empty record']])('follows the workflow code with %s', (name) => {
  if (name !== 'no record') writeFileSync(path.join(folder, 'commit.txt'), '');
  expect(buildIdIn('code')).toMatch(/^\d+\.\d+\.\d+\+workflows\.[0-9a-f]{12}$/);
  expect(buildIdIn('code')).toBe(buildIdIn('code'));
  expect(buildIdIn('other code')).not.toBe(buildIdIn('code'));
});

it('reads the version of the package', () => {
  expect(packageVersion()).toBe(manifest.version);
});
