import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const FOLDER = path.resolve('src/workflows');

/** The current workflows. */
export const PRESENT_WORKFLOWS = path.join(FOLDER, 'all.ts');

/** A changed version of the workflows, as a file that can be bundled. */
export interface WorkflowVersion {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Writes a changed copy of the workflows next to the real ones, so that their imports resolve.
 *
 * @param name the name of the copy, unique for the test.
 * @param changes the texts to replace, each with its file and its replacement.
 * @throws {Error} when a file does not contain its text.
 */
export async function plantVersion(
  name: string,
  ...changes: readonly (readonly [file: string, text: string, replacement: string])[]
): Promise<WorkflowVersion> {
  const copy = path.resolve('src', name);
  await cp(FOLDER, copy, { recursive: true });
  for (const [file, text, replacement] of changes) {
    const source = await readFile(path.join(copy, file), 'utf8');
    if (!source.includes(text)) throw new Error(`${file} does not contain ${text}`);
    await writeFile(
      path.join(copy, file),
      source.replace(text, () => replacement),
    );
  }
  return {
    path: path.join(copy, 'all.ts'),
    remove: () => rm(copy, { recursive: true, force: true }),
  };
}
