import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bug } from '../../../../scripts/planted-bugs/bug.ts';
import { type Outcome, runBugs } from '../../../../scripts/planted-bugs/run-bugs.ts';

const bug = (name: string, original: string, tests = ['test/one.test.ts']): Bug => {
  return { name, file: 'src/sum.ts', original, replacement: 'a - b', tests };
};
const SOURCE = 'export const sum = (a, b) => a + b;\n';

let project: string;
beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), 'planted-bugs-'));
  for (const folder of ['src', 'node_modules', '.git']) mkdirSync(path.join(project, folder));
  writeFileSync(path.join(project, 'src/sum.ts'), SOURCE);
});
afterEach(() => {
  rmSync(project, { recursive: true, force: true });
});

/** Runs bugs with tests that `failure` decides about, from the text of `src/sum.ts`. */
async function run(
  bugs: readonly Bug[],
  failure: (source: string, file: string) => string | undefined,
  stopping = new AbortController().signal,
) {
  const outcomes: Outcome[] = [];
  const copies = new Set<string>();
  const runTests = async (folder: string, file: string) => {
    copies.add(folder);
    return failure(readFileSync(path.join(folder, 'src/sum.ts'), 'utf8'), file);
  };
  await runBugs(bugs, {
    project,
    stopping,
    runTests,
    report: (outcome) => outcomes.push(outcome),
  });
  return { outcomes, copies };
}

const failsWithTheBug = (source: string) => (source.includes('a - b') ? 'adds' : undefined);

describe('runBugs', () => {
  it('reports a bug as caught by the first test that fails with it', async () => {
    const { outcomes } = await run(
      [bug('subtracts', 'a + b', ['test/none.test.ts', 'test/one.test.ts'])],
      (source, file) => (file === 'test/one.test.ts' ? failsWithTheBug(source) : undefined),
    );
    const detail = 'test/one.test.ts: adds';
    expect(outcomes).toEqual([{ name: 'subtracts', result: 'caught', detail }]);
  });

  it('reports a bug as missed when all tests pass', async () => {
    const { outcomes } = await run([bug('subtracts', 'a + b')], () => undefined);
    expect(outcomes).toMatchObject([{ result: 'missed' }]);
  });

  it('goes on after a bug that no longer matches its file', async () => {
    const bugs = [bug('stale', 'a * b'), bug('subtracts', 'a + b')];
    const { outcomes } = await run(bugs, failsWithTheBug);
    const detail = 'its text does not occur exactly once in src/sum.ts';
    expect(outcomes).toMatchObject([
      { name: 'stale', result: 'unusable', detail },
      { name: 'subtracts', result: 'caught' },
    ]);
  });

  it('does not count a test that fails without the bug too', async () => {
    const { outcomes } = await run([bug('subtracts', 'a + b')], () => 'always fails');
    expect(outcomes).toMatchObject([
      { result: 'unusable', detail: 'test/one.test.ts fails without it too: always fails' },
    ]);
  });

  it('goes on after tests that cannot run', async () => {
    const bugs = [bug('first', 'a + b', ['test/broken.test.ts']), bug('second', 'a + b')];
    const { outcomes } = await run(bugs, (source, file) => {
      if (file === 'test/broken.test.ts') throw new Error('no test ran');
      return failsWithTheBug(source);
    });
    expect(outcomes).toMatchObject([
      { result: 'unusable', detail: 'Error: no test ran' },
      { result: 'caught' },
    ]);
  });

  it('changes only its copy, without git and data, and removes it', async () => {
    const { copies } = await run([bug('subtracts', 'a + b')], (source) => {
      const [name] = readdirSync(path.join(project, '.data'));
      expect(readdirSync(path.join(project, '.data', name!)).sort()).toEqual([
        'node_modules',
        'src',
      ]);
      return failsWithTheBug(source);
    });
    expect(copies.size).toBe(1);
    expect(readFileSync(path.join(project, 'src/sum.ts'), 'utf8')).toBe(SOURCE);
    expect(readdirSync(path.join(project, '.data'))).toEqual([]);
  });

  it('plants nothing more once it is stopped, and removes its copy', async () => {
    const stop = new AbortController();
    const { outcomes } = await run(
      [bug('first', 'a + b'), bug('second', 'a + b')],
      () => {
        stop.abort();
        return undefined;
      },
      stop.signal,
    );
    expect(outcomes).toEqual([]);
    expect(readdirSync(path.join(project, '.data'))).toEqual([]);
  });
});
