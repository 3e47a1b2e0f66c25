import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The workflows as they are. */
export const PRESENT_WORKFLOWS = path.resolve('src/workflows/all.ts');

/** Another version of the order workflow, as a file that can be bundled. */
export interface WorkflowVersion {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Writes the order workflow as it would be after a change, beside the real one, so that its imports
 * resolve.
 *
 * @param name of the file, one of the test's own.
 * @param changes words, each with what stands in their place.
 * @throws {Error} when words that are to be changed are not there (any more).
 */
export async function plantVersion(
  name: string,
  ...changes: readonly (readonly [words: string, otherWords: string])[]
): Promise<WorkflowVersion> {
  const folder = path.dirname(PRESENT_WORKFLOWS);
  let source = await readFile(path.join(folder, 'order.ts'), 'utf8');
  for (const [words, otherWords] of changes) {
    if (!source.includes(words)) throw new Error(`order.ts does not say ${words}`);
    source = source.replace(words, () => otherWords);
  }
  const file = path.join(folder, `${name}.ts`);
  await writeFile(file, source);
  return { path: file, remove: () => rm(file, { force: true }) };
}
