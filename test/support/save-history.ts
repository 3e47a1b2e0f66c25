import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

type History = Parameters<typeof historyToJSON>[0];

/** Saves the history of a workflow as `<name>.json` for test/replay. */
export async function saveHistory(name: string, history: History): Promise<void> {
  // Stack traces contain the path of the checkout, which does not belong in the repository.
  const json = historyToJSON(history).replaceAll(process.cwd() + path.sep, '');
  const file = path.resolve('test/replay/histories', `${name}.json`);
  await writeFile(file, `${JSON.stringify(JSON.parse(json), null, 1)}\n`);
}
