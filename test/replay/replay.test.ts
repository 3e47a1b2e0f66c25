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
const INCOMPATIBLE: [
  change: string,
  file: string,
  code: string,
  changedCode: string,
  history: string,
  /** The name of the error. */
  error?: string,
][] = [
  [
    'a status that is no longer upserted',
    'pharmacy-steps.ts',
    "enter('PLACING'",
    "enter('ACCEPTED'",
    'completes-by-webhook.v1.json',
  ],
  [
    'an additional activity',
    'order.ts',
    '  const placed = await step(',
    '  await expireOrder(run.orderId);\n  const placed = await step(',
    'completes-by-webhook.v1.json',
  ],
  [
    'a timer instead of an activity',
    'wait-for-news.ts',
    'const poll = scope.run(() => lookForCompletion(orderId, deadline));',
    "const poll = scope.run(() => condition(() => false, '1s').then(() => 'settled' as const));",
    'completes-by-polling-when-no-webhook-comes.v1.json',
  ],
  [
    'a regular activity instead of a local one',
    'order-steps.ts',
    'await validateLocally(orderId)',
    'await validateVisibly(orderId)',
    'ends-rejected-when-pharmacy-refuses.v1.json',
  ],
  [
    'an interruption of the placing without its patch',
    'pharmacy-steps.ts',
    "if (!patched('cancel-while-placing')) return await placing;",
    '',
    'ends-cancelled-once-it-is-placed.v1.json',
    // The SDK meets the cancelled activity's start before it compares the commands.
    'ReplayError',
  ],
  [
    'a placing that is no longer interrupted',
    'pharmacy-steps.ts',
    '  scope.cancel();\n  try {',
    '  try {',
    'ends-cancelled-unknown-to-the-pharmacy.v3.json',
  ],
  [
    'an interrupted placing that does not look up the order',
    'pharmacy-steps.ts',
    'return await placeAtPharmacy(run);',
    "return { outcome: 'done', settled: false };",
    'ends-cancelled-found-at-the-pharmacy.v3.json',
  ],
  [
    'an order that is not placed again after a refused cancellation',
    'pharmacy-steps.ts',
    "if (cancelled.outcome !== 'done') return cancelled;",
    'return cancelled;',
    'completes-after-an-interrupted-placing.v3.json',
  ],
  [
    'an unclear cancellation that does not stay pending',
    'pharmacy-steps.ts',
    'requests.cancelsAttempted -= 1;',
    'requests.cancelsAttempted -= 0;',
    'ends-cancelled-after-an-unclear-look-up.v3.json',
  ],
  [
    'a check whose failure is not made visible by its patch',
    'order-steps.ts',
    "|| !patched('validate-visibly')",
    '',
    'shows-a-check-that-keeps-failing.v4.json',
  ],
  [
    'another reason that is not upserted',
    'order-progress.ts',
    "if (!statusChanges && !(reasonChanges && patched('reason-code'))) return;",
    'if (!statusChanges) return;',
    'records-another-reason.v4.json',
  ],
  [
    'a long history that does not continue in a new run while the order waits',
    'new-run.ts',
    "if (!patched('continue-as-new')) return;",
    'return;',
    'continues-in-a-new-run.v4.json',
  ],
  [
    'a long history that does not continue in a new run in NEEDS_ATTENTION',
    'needs-attention.ts',
    'await continueIfLong(run,',
    'if (run.placed) await continueIfLong(run,',
    'continues-in-needs-attention-in-a-new-run.v4.json',
  ],
  [
    'steps that are not tried locally',
    'try-locally.ts',
    'if (!run.isQuick)',
    'if (run.isQuick)',
    'completes-with-local-steps.v5.json',
  ],
  [
    'a status that is published before a local step',
    'pharmacy-steps.ts',
    '  const local = await tryLocally(run, () => locally.fetchDocuments(orderId));',
    "  progress.enter('FETCHING_DOCUMENTS', '');\n  const local = await tryLocally(run, () => locally.fetchDocuments(orderId));",
    'completes-with-local-steps.v5.json',
  ],
  [
    'news in one round only',
    'order-news.ts',
    'while (isUnread)',
    'while (isUnread && false)',
    'follows-news-in-two-rounds.v3.json',
  ],
  [
    'news in one more round for the first signal',
    'order-news.ts',
    '    isUnread = false;\n    setCurrentDetails',
    '    setCurrentDetails',
    'follows-news-in-one-round.v3.json',
  ],
];

it.each(INCOMPATIBLE)(
  'fails for %s',
  { timeout: 60_000 },
  async (change, file, code, changedCode, history, name = 'DeterminismViolationError') => {
    const version = await plantVersion(`planted-${change.replaceAll(' ', '-')}`, [
      file,
      code,
      changedCode,
    ]);
    try {
      const error = await replay(await bundle(version.path), history);
      expect(error).toMatchObject({ name });
    } finally {
      await version.remove();
    }
  },
);
