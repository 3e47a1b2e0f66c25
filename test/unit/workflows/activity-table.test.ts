import { readFileSync } from 'node:fs';
import type { ActivityOptions } from '@temporalio/workflow';
import { expect, it, vi } from 'vitest';

/*
 * Compares the table of activities in docs/architecture.md with the options in the workflows. The workflow
 * library is replaced: outside a workflow, its `proxyActivities` returns nothing that shows its options.
 */

type Options = Pick<ActivityOptions, 'startToCloseTimeout' | 'heartbeatTimeout' | 'retry'>;

const TABLE = readFileSync(new URL('../../../docs/architecture.md', import.meta.url), 'utf8');

const calls = vi.hoisted(() => ({ found: [] as { activity: string; options: object }[] }));

vi.mock('@temporalio/workflow', async (load) => {
  const proxy = (options: object) =>
    new Proxy(
      {},
      {
        get(_, activity) {
          if (typeof activity === 'string') calls.found.push({ activity, options });
          return () => Promise.resolve();
        },
      },
    );
  return { ...(await load<object>()), proxyActivities: proxy, proxyLocalActivities: proxy };
});

/** Returns the options of each activity. The modules take their activities from the proxies when they are loaded. */
async function optionsOfActivities(): Promise<Map<string, Options[]>> {
  await import('../../../src/workflows/order-steps.ts');
  await import('../../../src/workflows/order-news.ts');
  await import('../../../src/workflows/webhook-delivery.ts');
  const found = new Map<string, Options[]>();
  for (const { activity, options } of calls.found) {
    found.set(activity, [...(found.get(activity) ?? []), options]);
  }
  return found;
}

it('describes each activity with the options that its workflow gives it', async () => {
  const rows = [...TABLE.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|.*\|$/gm)];
  const options = await optionsOfActivities();
  expect(rows.map(([, activity]) => activity).sort()).toEqual([...options.keys()].sort());
  for (const [, activity = '', attempt, heartbeat, retry] of rows) {
    for (const used of options.get(activity) ?? []) {
      expect(attempt).toContain(used.startToCloseTimeout);
      expect(heartbeat).toContain(used.heartbeatTimeout ?? '–');
      const { initialInterval, maximumInterval } = used.retry ?? {};
      expect(retry).toContain(`${initialInterval} to ${maximumInterval}`);
    }
  }
});
