import { setMaxListeners } from 'node:events';
import { watchStopSignals } from '../sandbox/stop-signals.ts';
import { IN_CLEAR } from './canaries/canary.ts';
import { PATHS, type PathName } from './canaries/paths.ts';
import { hitsOf, report } from './canaries/report.ts';
import { runCanaries } from './canaries/run.ts';

/*
 *   npm run canaries [-- PATH …]
 *
 * Proves that no patient data is stored or written in clear text. Orders whose every text is a unique
 * marker take every path through a whole stack. Then the run searches everything that the stack stores
 * or writes for each marker in every encoding; see docs/canaries.md. The last line is JSON. Exit codes:
 * 0, no marker was found; 1, at least one was found, or the run failed; 2, wrong arguments; 130,
 * interrupted.
 */

const all = Object.keys(PATHS) as PathName[];
const wanted = process.argv.slice(2);
if (!wanted.every((name) => Object.hasOwn(PATHS, name))) {
  console.error(`usage: npm run canaries [-- PATH …]; the paths are ${all.join(', ')}`);
  process.exit(2);
}
const paths = all.filter((name) => wanted.length === 0 || wanted.includes(name));
const { stopping } = watchStopSignals(process.env);
setMaxListeners(0, stopping); // each request adds a listener
try {
  const progress = (text: string) => console.error(text);
  const { markers, findings } = await runCanaries(paths, progress, stopping);
  const hits = hitsOf(findings);
  console.log(report(findings));
  for (const [what, why] of Object.entries(IN_CLEAR))
    console.log(`not searched for: ${what}: ${why}`);
  console.log(JSON.stringify({ markers, places: findings.length, hits }));
  process.exitCode = hits === 0 ? 0 : 1;
} catch (error) {
  if (!stopping.aborted) throw error;
  process.exitCode = 130;
}
