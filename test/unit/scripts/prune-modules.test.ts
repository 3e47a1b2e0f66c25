import { spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

/* The step of the Dockerfile that removes what no program of the image loads, on the packages of this checkout. */

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const PRUNE = path.join(PROJECT, 'scripts/prune-modules.mjs');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}
interface LockFile {
  readonly packages: Readonly<Record<string, { readonly dev?: true; readonly link?: true }>>;
}
const read = <T>(name: string) => JSON.parse(readFileSync(path.join(PROJECT, name), 'utf8')) as T;

let folder: string;
let output: ReturnType<typeof spawnSync>;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'image-'));
  for (const [at, { dev, link: linked }] of Object.entries(
    read<LockFile>('package-lock.json').packages,
  )) {
    const source = path.join(PROJECT, at);
    // The image has no workspaces, and npm installs only the packages of the platform.
    if (!at.startsWith('node_modules/') || dev || linked || !existsSync(source)) continue;
    link(source, path.join(folder, at));
  }
  output = spawnSync(process.execPath, [PRUNE, path.join(folder, 'node_modules')], {
    encoding: 'utf8',
  });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Links the files of a package, without the packages below it: the lock file has an entry for each. */
function link(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [path.join(source, entry.name), path.join(target, entry.name)];
    if (entry.isFile()) linkSync(from, to);
    else if (entry.isDirectory() && entry.name !== 'node_modules') link(from, to);
  }
}

/** Runs a module in the folder. */
function run(text: string) {
  const file = path.join(folder, 'run.mjs');
  writeFileSync(file, text);
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  return { stdout: stdout.trim(), stderr };
}

it('leaves less than the image may have', () => {
  expect(output.stderr).toBe('');
  expect(output.status).toBe(0);
  expect(output.stdout).toMatch(/: \d+ MB\n$/);
});

it('leaves every dependency such that it loads', () => {
  const names = Object.keys(read<Manifest>('package.json').dependencies);
  const loads = names.map((name) => `await import('${name}');`).join('\n');
  expect(run(`${loads}\nconsole.log('loaded');`)).toEqual({ stdout: 'loaded', stderr: '' });
});

it('leaves the bundler of workflows such that it bundles', { timeout: 60_000 }, () => {
  writeFileSync(
    path.join(folder, 'workflows.mjs'),
    "import { sleep } from '@temporalio/workflow';\nexport async function nap() {\n  await sleep(1);\n}\n",
  );
  const { stdout, stderr } = run(`
    import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
    const logger = new DefaultLogger('ERROR');
    const { code } = await bundleWorkflowCode({ workflowsPath: '${folder}/workflows.mjs', logger });
    console.log(code.includes('nap'));`);
  expect({ stdout, stderr }).toEqual({ stdout: 'true', stderr: '' });
});

it('keeps the licences', () => {
  expect(existsSync(path.join(folder, 'node_modules/zod/LICENSE'))).toBe(true);
  expect(existsSync(path.join(folder, 'node_modules/zod/README.md'))).toBe(false);
});
