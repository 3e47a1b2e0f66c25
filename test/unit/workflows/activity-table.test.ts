import { readdirSync, readFileSync } from 'node:fs';
import type { ActivityOptions } from '@temporalio/workflow';
import { expect, it, vi } from 'vitest';

/*
 * Compares the table of activities in docs/architecture.md with the options in the workflows. The workflow
 * library is replaced: outside a workflow, its `proxyActivities` returns nothing that shows its options.
 */

type Options = Pick<ActivityOptions, 'startToCloseTimeout' | 'heartbeatTimeout' | 'retry'>;

const WORKFLOWS = new URL('../../../src/workflows/', import.meta.url);
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

/** Returns the options of each call of an activity: `followNews` by its own name, `short.placeOrder` by the group's. */
async function optionsOfActivities(): Promise<Map<string, Options[]>> {
  const steps = (await import('../../../src/workflows/order-steps.ts')) as Record<string, object>;
  await import('../../../src/workflows/order-news.ts');
  await import('../../../src/workflows/webhook-delivery.ts');
  const sources = readdirSync(WORKFLOWS).map((name) =>
    readFileSync(new URL(name, WORKFLOWS), 'utf8'),
  );
  for (const [group, proxy] of Object.entries(steps)) {
    if (typeof proxy !== 'object') continue;
    for (const [, activity] of sources
      .join('\n')
      .matchAll(new RegExp(`\\b${group}\\.(\\w+)\\(`, 'g'))) {
      void Reflect.get(proxy, activity ?? '');
    }
  }
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
