import path from 'node:path';
import { parseArgs } from 'node:util';
import { watchStopSignals } from '../sandbox/stop-signals.ts';
import { ALL_BUGS } from './planted-bugs/catalogue.ts';
import { openResultsFile } from './planted-bugs/results-file.ts';
import { type Outcome, runBugs } from './planted-bugs/run-bugs.ts';
import { runTests } from './planted-bugs/run-tests.ts';

/*
 *   npm run chaos:bugs [-- --only PART-OF-A-NAME]… [--resume]
 *
 * Plants one bug after the other in a copy of the project and runs the tests that must catch it.
 * `--resume` skips the bugs that the last run caught before it was interrupted.
 *
 * The last line is JSON: `bugs, caught, missed, unusable, seconds`, where `missed` and `unusable` are
 * lists of names. Exit codes: 0, every bug was caught; 1, at least one was not; 2, wrong arguments;
 * 130, interrupted.
 */

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [''] },
    resume: { type: 'boolean', default: false },
  },
});
const bugs = ALL_BUGS.filter(({ name }) => values.only.some((part) => name.includes(part)));
if (bugs.length === 0) {
  console.error(`no bug has a name that contains ${values.only.join(' or ')}`);
  process.exit(2);
}

const start = Date.now();
const project = path.resolve('.');
const results = openResultsFile(project);
if (!values.resume) results.clear();
const caughtBefore = new Set(results.caught(bugs));
const rest = bugs.filter((bug) => !caughtBefore.has(bug));
if (values.resume) console.log(`${caughtBefore.size} of ${bugs.length} bugs were caught before`);

const outcomes: Outcome[] = [];
const { stopping } = watchStopSignals(process.env);
await runBugs(rest, {
  project,
  stopping,
  runTests: (folder, file) => runTests(folder, file, stopping),
  report(outcome) {
    const { name, result, detail } = outcome;
    outcomes.push(outcome);
    results.add(rest.find((bug) => bug.name === name)!, outcome);
    const progress = `[${caughtBefore.size + outcomes.length}/${bugs.length}]`;
    const label = result === 'caught' ? result : result.toUpperCase();
    const minutes = ((Date.now() - start) / 60_000).toFixed(1);
    console.log(`${progress} ${label}  ${name}  (${minutes} min)\n        ${detail}`);
  },
});

const namesOf = (result: Outcome['result']) =>
  outcomes.filter((outcome) => outcome.result === result).map(({ name }) => name);
const caught = caughtBefore.size + namesOf('caught').length;
const summary = { bugs: bugs.length, caught, missed: namesOf('missed') };
const seconds = Math.round((Date.now() - start) / 1_000);
console.log(JSON.stringify({ ...summary, unusable: namesOf('unusable'), seconds }));
if (stopping.aborted) process.exitCode = 130;
else process.exitCode = caught === bugs.length ? 0 : 1;
