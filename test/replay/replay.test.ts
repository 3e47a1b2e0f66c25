import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSdkLog } from '../../src/temporal/sdk-log.ts';
import { createKeptLog } from '../support/logs.ts';

const HISTORIES = path.resolve('test/replay/histories');
const WORKFLOWS = path.resolve('src/workflows');
/** Beside the real one, so that its imports resolve. */
const PLANTED = path.join(WORKFLOWS, 'planted-change.ts');

const logger = createSdkLog(createKeptLog());
const names = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json')).sort();
const bundle = (file: string) => bundleWorkflowCode({ workflowsPath: file, logger });
type Bundle = Awaited<ReturnType<typeof bundle>>;

let current: Bundle;
beforeAll(async () => {
  Runtime.install({ logger, shutdownSignals: [] });
  current = await bundle(path.join(WORKFLOWS, 'all.ts'));
});
afterAll(() => rm(PLANTED, { force: true }));

/** Replays one history; the error of the replay, which `runReplayHistories` does not throw. */
async function replay(workflowBundle: Bundle, name: string): Promise<unknown> {
  const json: unknown = JSON.parse(await readFile(path.join(HISTORIES, name), 'utf8'));
  const history = historyFromJSON(json);
  const results = Worker.runReplayHistories({ workflowBundle }, [{ workflowId: name, history }]);
  for await (const { error } of results) return error;
  throw new Error('nothing was replayed');
}

describe('the workflows replay', () => {
  it.each(names)('%s', async (name) => {
    expect(await replay(current, name)).toBeUndefined();
  });
});

it('finds an incompatible change', { timeout: 60_000 }, async () => {
  const source = await readFile(path.join(WORKFLOWS, 'order.ts'), 'utf8');
  const changed = source.replace("enter('PLACING'", "enter('ACCEPTED'");
  expect(changed).not.toBe(source);
  await writeFile(PLANTED, changed);
  const planted = await bundle(PLANTED);
  expect(await replay(planted, 'completes-by-webhook.v1.json')).toMatchObject({
    name: 'DeterminismViolationError',
  });
});
