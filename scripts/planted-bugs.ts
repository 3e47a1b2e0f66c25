import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Bug } from './planted-bugs/bug.ts';
import { NOTIFICATION_BUGS } from './planted-bugs/notifications.ts';
import { ORDER_BUGS } from './planted-bugs/orders.ts';
import { PHARMACY_BUGS } from './planted-bugs/pharmacies.ts';
import { runTests } from './planted-bugs/run-tests.ts';

/*
 *   npm run chaos:bugs [-- --only PART-OF-A-NAME]
 *
 * Plants one bug after the other in a copy of the project and runs the tests that are to catch it. The
 * last line is JSON: `bugs, caught, missed, seconds`. Ends 0: each was caught; 1: one was not; 2: wrong
 * arguments, or a bug's words are not in its file any more.
 */

/** What the copy consists of; the packages are shared. */
const COPIED = ['package.json', 'tsconfig.json', 'vitest.config.ts'];
const COPIED_FOLDERS = ['src', 'simulator', 'scripts', 'test', 'examples', 'docs', 'bench'];

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const bugs = [...ORDER_BUGS, ...PHARMACY_BUGS, ...NOTIFICATION_BUGS].filter(({ name }) =>
  name.includes(values.only ?? ''),
);
if (bugs.length === 0) {
  console.error(`no bug is named like ${values.only ?? ''}`);
  process.exit(2);
}

const start = Date.now();
// Outside node_modules, where this project's temporary files are: no loader compiles what is in there.
await mkdir('.data', { recursive: true });
const copy = await mkdtemp(path.resolve('.data', 'planted-bugs-'));
const missed: string[] = [];
try {
  for (const name of [...COPIED, ...COPIED_FOLDERS]) {
    await cp(name, path.join(copy, name), { recursive: true });
  }
  await symlink(path.resolve('node_modules'), path.join(copy, 'node_modules'));
  for (const bug of bugs) {
    const caught = await isCaught(bug);
    if (caught === undefined) missed.push(bug.name);
    console.log(
      `${caught === undefined ? 'MISSED' : 'caught'}  ${bug.name}\n        ${caught ?? ''}`,
    );
  }
} finally {
  await rm(copy, { recursive: true, force: true });
}
const seconds = Math.round((Date.now() - start) / 1_000);
const caught = bugs.length - missed.length;
console.log(JSON.stringify({ bugs: bugs.length, caught, missed, seconds }));
process.exitCode = missed.length === 0 ? 0 : 1;

/** The name of the first test that failed with the bug. */
async function isCaught({
  name,
  file,
  words,
  otherWords,
  tests,
}: Bug): Promise<string | undefined> {
  const planted = path.join(copy, file);
  const source = await readFile(planted, 'utf8');
  if (source.split(words).length !== 2) {
    console.error(`${name}: its words are not in ${file} once`);
    process.exit(2);
  }
  await writeFile(
    planted,
    source.replace(words, () => otherWords),
  );
  try {
    for (const test of tests) {
      const failed = await runTests(copy, test);
      if (failed !== undefined) return `${test}: ${failed}`;
    }
    return undefined;
  } finally {
    await writeFile(planted, source);
  }
}
