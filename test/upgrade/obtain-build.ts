import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from '../../sandbox/folders.ts';

const run = promisify(execFile);

const LOCK = 'package-lock.json';
const MODULES = path.join(PROJECT, 'node_modules');

/** Compiled programs, such as `dist/src/server.js` in the folder, with the packages that they need. */
export interface Build {
  readonly folder: string;
  /** The first 12 digits of the commit, or what `BUILD_ID` says of a build without one. */
  readonly name: string;
}

/**
 * Provides the programs of an earlier commit: takes its files from the history of this clone, installs its packages and
 * compiles it, in half a minute; later calls find it in `.data/builds`. A commit with the lock file of this one
 * uses its packages.
 *
 * @param say receives a line about each step that takes long.
 * @throws {Error} this clone lacks the commit, or the commit cannot be built.
 */
export async function obtainBuild(commit: string, say: (line: string) => void): Promise<Build> {
  const name = commit.slice(0, 12);
  const builds = await buildsFolder();
  const folder = path.join(builds, name);
  if (!existsSync(folder)) {
    await requireCommit(commit);
    const unfinished = await mkdtemp(path.join(builds, 'new-'));
    try {
      await extract(commit, unfinished);
      await providePackages(unfinished, say);
      say(`compiling ${name}`);
      await run(process.execPath, ['scripts/build.mjs'], { cwd: unfinished });
      // The folder is inside of this clone, so that the script took the commit of this clone.
      await writeFile(path.join(unfinished, 'dist/src/commit.txt'), name);
      // Atomic: an interrupted build leaves no part of one, and two at the same time leave one of them.
      await rename(unfinished, folder).catch((error: unknown) => {
        if (!existsSync(folder)) throw error;
      });
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  // This clone may have got another lock file since.
  await providePackages(folder, say);
  return { folder, name };
}

/** Compiles the files of this clone, as `npm run build` does, into a folder that the caller removes. */
export async function buildPresent(): Promise<Build> {
  const folder = await mkdtemp(path.join(await buildsFolder(), 'present-'));
  await run(process.execPath, ['scripts/build.mjs', folder], { cwd: PROJECT });
  await cp(path.join(PROJECT, 'package.json'), path.join(folder, 'package.json'));
  return { folder, name: 'present' };
}

/** The name of the patch of {@link buildNext}. */
export const NEXT_PATCH = 'next-build';

/** The workflows of a later build: an additional command, behind a patch. */
const NEXT_WORKFLOWS = `
import { condition, patched } from '@temporalio/workflow';
import { order as present } from './order.js';
export { orderNews } from './order-news.js';
export { webhookDelivery } from './webhook-delivery.js';
export async function order(input) {
  if (patched('${NEXT_PATCH}')) await condition(() => false, 1);
  return await present(input);
}
`;

/** Makes a build as it may come after this one: its workflows have a patch more. */
export async function buildNext(present: Build): Promise<Build> {
  const folder = await mkdtemp(path.join(await buildsFolder(), 'next-'));
  await cp(present.folder, folder, { recursive: true });
  await writeFile(path.join(folder, 'dist/src/workflows/all.js'), NEXT_WORKFLOWS);
  // Without it, a worker bundles the files above when it starts.
  await rm(path.join(folder, 'dist/src/workflow-bundle.js'));
  return { folder, name: 'next' };
}

/** Temporal's bundler compiles no file below `node_modules`, so that it is no folder of the cache there. */
async function buildsFolder(): Promise<string> {
  const folder = path.join(PROJECT, '.data', 'builds');
  await mkdir(folder, { recursive: true });
  return folder;
}

async function requireCommit(commit: string): Promise<void> {
  const git = (...args: string[]) => run('git', args, { cwd: PROJECT });
  try {
    await git('cat-file', '-e', `${commit}^{commit}`);
  } catch {
    const shallow = await git('rev-parse', '--is-shallow-repository').catch(() => undefined);
    throw new Error(
      shallow === undefined
        ? `the build ${commit} comes from the history of a git clone, and this is none: clone the repository`
        : `this clone lacks the commit ${commit}: run ${shallow.stdout.trim() === 'true' ? 'git fetch --unshallow' : 'git fetch'}`,
    );
  }
}

async function extract(commit: string, folder: string): Promise<void> {
  const archive = path.join(folder, 'commit.tar');
  await run('git', ['archive', '--format=tar', `--output=${archive}`, commit], { cwd: PROJECT });
  await run('tar', ['-xf', archive, '-C', folder]);
  await rm(archive);
}

/** Links the packages of this clone if the lock files are the same, and installs those of the build otherwise. */
async function providePackages(folder: string, say: (line: string) => void): Promise<void> {
  const modules = path.join(folder, 'node_modules');
  const [ours, theirs] = await Promise.all(
    [PROJECT, folder].map((each) => readFile(path.join(each, LOCK), 'utf8')),
  );
  const found = await lstat(modules).catch(() => undefined);
  if (found !== undefined && (ours === theirs || !found.isSymbolicLink())) return;
  await rm(modules, { force: true });
  if (ours === theirs) {
    await symlink(MODULES, modules, 'dir');
    return;
  }
  say(`installing the packages of ${path.basename(folder)} (npm ci)`);
  await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
}
