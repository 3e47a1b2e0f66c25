import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const extension = path.extname(import.meta.url);

/** `npm run build` writes it next to the compiled code. */
const BUILT = new URL('../workflow-bundle.js', import.meta.url);
const PRINTER = fileURLToPath(new URL(`./print-workflow-bundle${extension}`, import.meta.url));

/** The bundle has about 2 MB, most of it the source map. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Returns the bundle of the workflows: the one that was built with the code, or a new one where the code runs as
 * TypeScript, as in a clone. A process of its own makes it, because the bundler's memory would never be returned.
 *
 * @throws {Error} the bundling failed; the message has the bundler's output.
 */
export async function workflowBundle(): Promise<{ code: string }> {
  try {
    return { code: await readFile(BUILT, 'utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const args = [...process.execArgv, PRINTER];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: MOST_BYTES });
  return { code: stdout };
}
