import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The current workflows. */
export const PRESENT_WORKFLOWS = path.resolve('src/workflows/all.ts');

/** A changed version of a workflow, as a file that can be bundled. */
export interface WorkflowVersion {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Writes a changed version of the order workflow next to the real one, so that its imports resolve.
 *
 * @param name the name of the file, unique for the test.
 * @param changes texts, each with its replacement.
 * @throws {Error} when the workflow does not contain a text.
 */
export async function plantVersion(
  name: string,
  ...changes: readonly (readonly [text: string, replacement: string])[]
): Promise<WorkflowVersion> {
  return await plantVersionOf('order.ts', name, ...changes);
}

/** As {@link plantVersion}, for the workflow in another file. */
export async function plantVersionOf(
  workflow: string,
  name: string,
  ...changes: readonly (readonly [text: string, replacement: string])[]
): Promise<WorkflowVersion> {
  const folder = path.dirname(PRESENT_WORKFLOWS);
  let source = await readFile(path.join(folder, workflow), 'utf8');
  for (const [text, replacement] of changes) {
    if (!source.includes(text)) throw new Error(`${workflow} does not contain ${text}`);
    source = source.replace(text, () => replacement);
  }
  const file = path.join(folder, `${name}.ts`);
  await writeFile(file, source);
  return { path: file, remove: () => rm(file, { force: true }) };
}
