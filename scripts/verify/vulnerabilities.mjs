// Asks the registry for known faults of the production packages, by the lock file:
//   node scripts/verify/vulnerabilities.mjs [FOLDER]
// Exits 1 with the packages that have some; 3 where the registry does not answer such questions.

import { spawnSync } from 'node:child_process';
import { SKIPPED } from './checks.mjs';
import { reportFaults } from './report-faults.mjs';

/** A registry that is away must not hold up the other checks. */
const LIMIT_MS = 60_000;

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--package-lock-only', '--json'], {
  cwd: process.argv[2] ?? '.',
  encoding: 'utf8',
  timeout: LIMIT_MS,
});
const found = vulnerabilitiesOf(stdout);
if (found === undefined) {
  console.log('the registry tells no known faults here');
  process.exitCode = SKIPPED;
} else {
  reportFaults(
    found.map(({ name, severity, via }) => {
      const [url = ''] = via.map((advisory) => advisory.url).filter(Boolean);
      return `${name}: a fault is known (${severity}) ${url}`.trimEnd();
    }),
  );
}

/** What `npm audit` found; undefined when it was told nothing. Its own words may name the registry. */
function vulnerabilitiesOf(text) {
  try {
    const { vulnerabilities } = JSON.parse(text);
    return vulnerabilities && Object.values(vulnerabilities);
  } catch {
    return undefined;
  }
}
