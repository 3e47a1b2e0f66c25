import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
/** cyclonedx-npm reads the whole lock file twice: seconds on a busy machine. */
const SBOM_LIMIT_MS = 60_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sbom-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function run(script: string, file: string) {
  const args = [path.join(PROJECT, script), file];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: PROJECT, encoding: 'utf8' });
  return { status, faults: stderr.split('\n').filter((line) => line !== '') };
}

describe('the bill of materials', () => {
  const REGISTRY = { type: 'distribution', url: 'https://registry.example.com/fastify.tgz' };
  type Component = { name: string; group?: string; [field: string]: unknown };
  type Sbom = { bomFormat: string; components: Component[] };

  let written: string;
  beforeAll(() => {
    const file = path.join(folder, 'new/sbom.json');
    expect(run('scripts/sbom.mjs', file)).toEqual({ status: 0, faults: [] });
    written = readFileSync(file, 'utf8');
  }, SBOM_LIMIT_MS);

  /** Runs the check on what `npm run sbom` writes, after a change. */
  function checkChanged(change: (sbom: Sbom) => void) {
    const sbom = JSON.parse(written) as Sbom;
    change(sbom);
    const file = path.join(folder, 'sbom.json');
    writeFileSync(file, JSON.stringify(sbom));
    return run('scripts/verify/sbom.mjs', file);
  }
  const fastify = ({ components }: Sbom) => components.find(({ name }) => name === 'fastify')!;

  it('passes for this project', () => {
    let names: string[] = [];
    const result = checkChanged(({ components }) => {
      names = components.map(({ group, name }) =>
        group === undefined ? name : `${group}/${name}`,
      );
    });

    expect(result).toEqual({ status: 0, faults: [] });
    // One that production and a development package need, and one of another platform.
    expect(names).toEqual(expect.arrayContaining(['@temporalio/worker', '@swc/core-darwin-arm64']));
    expect(names).not.toContain('vitest');
  });

  it.each<[string, (sbom: Sbom) => unknown, RegExp]>([
    [
      'lacks a package',
      (sbom) => sbom.components.splice(sbom.components.indexOf(fastify(sbom)), 1),
      /^pkg:npm\/fastify@[\d.]+ is missing$/,
    ],
    [
      'has a package too many',
      (sbom) => sbom.components.push({ ...fastify(sbom), purl: 'pkg:npm/vitest@4.1.12' }),
      /^pkg:npm\/vitest@4\.1\.12 is not a production package$/,
    ],
    [
      'lacks a hash',
      (sbom) => Object.assign(fastify(sbom), { hashes: [] }),
      /^pkg:npm\/fastify@[\d.]+ has no hash$/,
    ],
    [
      'names a registry',
      (sbom) => Object.assign(fastify(sbom), { externalReferences: [REGISTRY] }),
      /^pkg:npm\/fastify@[\d.]+ names where it was fetched$/,
    ],
    [
      'has another format',
      (sbom) => Object.assign(sbom, { bomFormat: 'SPDX' }),
      /^the file is not a CycloneDX document$/,
    ],
  ])('fails when it %s', (_what, change, fault) => {
    expect(checkChanged(change)).toEqual({ status: 1, faults: [expect.stringMatching(fault)] });
  });

  it('fails when it is not JSON', () => {
    const file = path.join(folder, 'sbom.json');
    writeFileSync(file, '{');

    const { status, faults } = run('scripts/verify/sbom.mjs', file);

    expect(status).toBe(1);
    expect(faults[0]).toMatch(/^cannot read a bill of materials/);
  });
});
