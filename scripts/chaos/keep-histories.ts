import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import type { Violation } from './evidence.ts';

const MOST = 20;
const LIMIT_MS = 30_000;

/**
 * Writes the workflow history of each order with a broken promise to `<order id>.json`. Leaves out
 * histories that it cannot read.
 */
export async function keepHistories(
  folder: string,
  temporalAddress: string,
  violations: readonly Violation[],
): Promise<void> {
  const subjects = [...new Set(violations.map(({ subject }) => subject))].slice(0, MOST);
  if (subjects.length === 0) return;
  await mkdir(folder, { recursive: true });
  const connection = await Connection.connect({ address: temporalAddress });
  try {
    const client = new Client({ connection });
    await connection.withDeadline(Date.now() + LIMIT_MS, async () => {
      for (const subject of subjects) {
        const handle = client.workflow.getHandle(orderWorkflowId(subject));
        // A subject can be a key or a file. A missing workflow can be the finding itself.
        const history = await handle.fetchHistory().catch(() => undefined);
        if (history === undefined) continue;
        await writeFile(path.join(folder, `${subject}.json`), historyToJSON(history));
      }
    });
  } finally {
    await connection.close();
  }
}
