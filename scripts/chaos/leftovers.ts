import { setTimeout as sleep } from 'node:timers/promises';
import { signalProcess } from '../../sandbox/process-table.mjs';
import type { KeptProcess } from '../../test/support/kept-process.ts';
import type { Violation } from './evidence.ts';

const LOOK_EVERY_MS = 50;

/**
 * Finds stopped processes, restarts of them and children that still run.
 *
 * @param limitMs how long a process may take to end after its kill.
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
