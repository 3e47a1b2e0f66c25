// Asks the registry for known vulnerabilities of the production packages in the lock file:
//   node scripts/verify/vulnerabilities.mjs [FOLDER]
// Exits 1 with each vulnerable package; 3 when the registry does not answer the question.

import { spawnSync } from 'node:child_process';
import { SKIPPED } from './checks.mjs';
import { reportFaults } from './report-faults.mjs';

/** An unreachable registry must not delay the other checks for longer. */
const LIMIT_MS = 60_000;

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--package-lock-only', '--json'], {
  cwd: process.argv[2] ?? '.',
  encoding: 'utf8',
  timeout: LIMIT_MS,
});
const found = vulnerabilitiesOf(stdout);
if (found === undefined) {
  console.log('the registry does not report known vulnerabilities');
  process.exitCode = SKIPPED;
} else {
  reportFaults(
    found.map(({ name, severity, via }) => {
      const [url = ''] = via.map((advisory) => advisory.url).filter(Boolean);
      return `${name} has a known vulnerability (${severity}) ${url}`.trimEnd();
    }),
  );
}

/** The findings of `npm audit`; undefined when the registry did not answer. npm's own message may name the registry. */
function vulnerabilitiesOf(text) {
  try {
    const { vulnerabilities } = JSON.parse(text);
    return vulnerabilities && Object.values(vulnerabilities);
  } catch {
    return undefined;
  }
}
