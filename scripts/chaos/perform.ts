import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from './schedule.ts';
import type { System } from './system.ts';

/** The result of a schedule's steps. */
export interface Performed {
  readonly kills: number;
}

/**
 * Performs the steps of a schedule on a system, each at its time. Resolves when the last fault is over.
 *
 * @param progress reports each step when it begins.
 */
export async function perform(
  steps: readonly Step[],
  system: System,
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<Performed> {
  let kills = 0;
  await Promise.all(
    steps.map(async (step) => {
      await sleep(step.atMs, undefined, { signal });
      progress(describe(step));
      await doIt(step);
    }),
  );
  return { kills };

  async function doIt(step: Step): Promise<void> {
    if (step.do === 'fault') {
      const lift = system.proxies.get(step.link)?.inject(step.fault);
      await sleep(step.forMs, undefined, { signal }).finally(() => lift?.());
      return;
    }
    const target = system.processes.get(step.process);
    switch (step.do) {
      case 'kill':
        await target?.kill(step.downMs);
        kills += 1;
        return await sleep(step.downMs, undefined, { signal });
      case 'freeze':
        await target?.signal('SIGSTOP');
        return await sleep(step.forMs, undefined, { signal }).finally(() =>
          target?.signal('SIGCONT'),
        );
      case 'restart':
        return await target?.signal('SIGTERM');
    }
  }
}

/** Describes a step for people. */
export function describe(step: Step): string {
  switch (step.do) {
    case 'fault':
      return `${step.fault} on ${step.link} for ${step.forMs} ms`;
    case 'kill':
      return `kill -9 ${step.process}, down for ${step.downMs} ms`;
    case 'freeze':
      return `SIGSTOP ${step.process} for ${step.forMs} ms`;
    case 'restart':
      return `SIGTERM ${step.process}`;
  }
}
