import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Bug } from './bug.ts';
import type { Outcome } from './run-bugs.ts';

interface Line extends Outcome {
  readonly fingerprint: string;
}

/** The outcomes of a run, so that `--resume` can go on after an interruption. */
export interface ResultsFile {
  /** The bugs that the earlier runs caught. A bug counts while it, its file and its tests are the same. */
  caught(bugs: readonly Bug[]): readonly Bug[];
  add(bug: Bug, outcome: Outcome): void;
  clear(): void;
}

/** @param project the project's folder; the file is in its `.data`. */
export function openResultsFile(project: string): ResultsFile {
  const file = path.join(project, '.data', 'planted-bugs.jsonl');
  const fingerprintOf = (bug: Bug) => {
    const hash = createHash('sha256').update(JSON.stringify(bug));
    for (const name of [bug.file, ...bug.tests]) hash.update(readText(path.join(project, name)));
    return hash.digest('hex');
  };
  return {
    caught(bugs) {
      const lines = readText(file)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Line);
      const caught = new Set(
        lines.filter(({ result }) => result === 'caught').map(({ fingerprint }) => fingerprint),
      );
      return bugs.filter((bug) => caught.has(fingerprintOf(bug)));
    },
    add(bug, outcome) {
      mkdirSync(path.dirname(file), { recursive: true });
      const line: Line = { ...outcome, fingerprint: fingerprintOf(bug) };
      appendFileSync(file, `${JSON.stringify(line)}\n`);
    },
    clear: () => rmSync(file, { force: true }),
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
