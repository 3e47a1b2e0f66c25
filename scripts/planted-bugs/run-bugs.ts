import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Bug, plant } from './bug.ts';

/**
 * Folders that a copy of the project does without: what is generated, and what git keeps. A copy gets
 * a link to `node_modules` instead.
 */
const NOT_COPIED = new Set(['.data', '.git', 'coverage', 'dist', 'node_modules']);

/** What became of one planted bug. */
export interface Outcome {
  readonly name: string;
  /**
   * `caught`: a test failed that passes without the bug. `missed`: all tests passed. `unusable`: the
   * run proves nothing, because the bug no longer matches its file, or because its tests cannot run or
   * fail without it too.
   */
  readonly result: 'caught' | 'missed' | 'unusable';
  /** The test that failed, or why the bug is unusable. */
  readonly detail: string;
}

/** Test files that ran without any bug, each with the name of its first test that failed. */
type CleanRuns = Map<string, string | undefined>;

/** What {@link runBugs} needs. */
export interface BugRun {
  /** The project's folder. */
  readonly project: string;
  /** Aborted: no further bug is planted. */
  readonly stopping: AbortSignal;
  /**
   * Runs one test file of a copy of the project.
   *
   * @returns the name of the first test that failed; undefined: all passed.
   * @throws {Error} the file cannot be run.
   */
  readonly runTests: (folder: string, file: string) => Promise<string | undefined>;
  /** Called when the run has an outcome. */
  readonly report: (outcome: Outcome) => void;
}

/**
 * Plants one bug after the other in a copy of the project and runs the tests that must catch it. A bug
 * that no longer matches its file is reported, and the run goes on. The copy is always removed.
 */
export async function runBugs(bugs: readonly Bug[], run: BugRun): Promise<void> {
  // Outside node_modules, because no loader compiles TypeScript in there.
  const data = path.join(run.project, '.data');
  await mkdir(data, { recursive: true });
  const copy = await mkdtemp(path.join(data, 'planted-bugs-'));
  try {
    for (const name of await readdir(run.project)) {
      if (!NOT_COPIED.has(name)) await copyTo(path.join(copy, name), path.join(run.project, name));
    }
    await symlink(path.join(run.project, 'node_modules'), path.join(copy, 'node_modules'));
    const clean: CleanRuns = new Map();
    for (const bug of bugs) {
      if (run.stopping.aborted) return;
      const outcome = await tryBug(copy, bug, run, clean);
      // A run that was stopped half-way proves nothing about its bug.
      if (!run.stopping.aborted) run.report(outcome);
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function copyTo(target: string, source: string): Promise<void> {
  await cp(source, target, {
    recursive: true,
    filter: (each) => !NOT_COPIED.has(path.basename(each)),
  });
}

async function tryBug(copy: string, bug: Bug, run: BugRun, clean: CleanRuns): Promise<Outcome> {
  const { name, file, tests } = bug;
  const target = path.join(copy, file);
  const source = await readFile(target, 'utf8').catch(() => '');
  const planted = plant(bug, source);
  if (planted === undefined) {
    return { name, result: 'unusable', detail: `its text does not occur exactly once in ${file}` };
  }
  try {
    for (const test of tests) {
      await writeFile(target, planted);
      const failed = await run.runTests(copy, test);
      await writeFile(target, source);
      if (failed === undefined) continue;
      if (!clean.has(test)) clean.set(test, await run.runTests(copy, test));
      const cleanFailure = clean.get(test);
      return cleanFailure === undefined
        ? { name, result: 'caught', detail: `${test}: ${failed}` }
        : { name, result: 'unusable', detail: `${test} fails without it too: ${cleanFailure}` };
    }
    return { name, result: 'missed', detail: `passed: ${tests.join(', ')}` };
  } catch (error) {
    return { name, result: 'unusable', detail: String(error) };
  } finally {
    await writeFile(target, source);
  }
}
