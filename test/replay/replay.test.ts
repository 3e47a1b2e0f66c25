import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleWorkflows } from '../../src/temporal/bundle-workflows.ts';
import { createSdkLog } from '../../src/temporal/sdk-log.ts';
import { DATA_CONVERTER } from '../support/data-converter.ts';
import { createKeptLog } from '../support/logs.ts';
import { PRESENT_WORKFLOWS, plantVersion } from '../support/workflow-version.ts';

const HISTORIES = path.resolve('test/replay/histories');
const logger = createSdkLog(createKeptLog());
const names = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json')).sort();
const bundle = (file: string) => bundleWorkflows(logger, file);
type Bundle = Awaited<ReturnType<typeof bundle>>;

let current: Bundle;
beforeAll(async () => {
  Runtime.install({ logger, shutdownSignals: [] });
  current = await bundle(PRESENT_WORKFLOWS);
});

/** Replays one history and returns its error, which `runReplayHistories` does not throw. */
async function replay(workflowBundle: Bundle, name: string): Promise<unknown> {
  const json: unknown = JSON.parse(await readFile(path.join(HISTORIES, name), 'utf8'));
  const history = historyFromJSON(json);
  const results = Worker.runReplayHistories({ workflowBundle, dataConverter: DATA_CONVERTER }, [
    { workflowId: name, history },
  ]);
  for await (const { error } of results) return error;
  throw new Error('nothing was replayed');
}

describe('the workflows replay', () => {
  it.each(names)('%s', async (name) => {
    expect(await replay(current, name)).toBeUndefined();
  });
});

/** Changes that look harmless, each with a history of the present code that it breaks. */
const INCOMPATIBLE: [change: string, code: string, changedCode: string, history: string][] = [
  [
    'a status that is no longer upserted',
    "enter('PLACING'",
    "enter('ACCEPTED'",
    'completes-by-webhook.v1.json',
  ],
  [
    'an additional activity',
    '  const placed = await step(',
    '  await step(() => short.cancelOrder(orderId));\n  const placed = await step(',
    'completes-by-webhook.v1.json',
  ],
  [
    'a timer instead of an activity',
    'const poll = scope.run(() => polling.lookForCompletion(orderId, until));',
    "const poll = scope.run(() => condition(() => false, '1s').then(() => 'settled' as const));",
    'completes-by-polling-when-no-webhook-comes.v1.json',
  ],
  [
    'a regular activity instead of a local one',
    'local.validateOrder(orderId)',
    'short.validateOrder(orderId)',
    'ends-rejected-when-pharmacy-refuses.v1.json',
  ],
];

it.each(INCOMPATIBLE)(
  'fails for %s',
  { timeout: 60_000 },
  async (change, code, changedCode, history) => {
    const version = await plantVersion(`planted-${change.replaceAll(' ', '-')}`, [
      code,
      changedCode,
    ]);
    try {
      const error = await replay(await bundle(version.path), history);
      expect(error).toMatchObject({ name: 'DeterminismViolationError' });
    } finally {
      await version.remove();
    }
  },
);
