import { setTimeout as sleep } from 'node:timers/promises';
import { signalProcess } from '../../sandbox/process-table.mjs';
import type { Violation } from './evidence.ts';
import type { KeptProcess } from './kept-process.ts';

const LOOK_EVERY_MS = 50;

/**
 * What still runs of processes that were stopped: of any of their lives, and their children.
 *
 * @param limitMs how long what was killed a moment ago may be on its way out.
 */
export async function leftovers(
  processes: ReadonlyMap<string, Pick<KeptProcess, 'groups'>>,
  limitMs: number,
): Promise<Violation[]> {
  const until = Date.now() + limitMs;
  for (;;) {
    const left = [...processes].flatMap(([name, { groups }]) =>
      groups
        .filter((group) => signalProcess(-group, 0))
        .map((group): Violation => {
          return { kind: 'process', subject: name, detail: `process group ${group} still runs` };
        }),
    );
    if (left.length === 0 || Date.now() > until) return left;
    await sleep(LOOK_EVERY_MS);
  }
}
