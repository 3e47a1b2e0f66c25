import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const SOURCES = new URL('..', import.meta.url);

/**
 * Returns the name of the build that runs, which Temporal writes into every workflow task: the version and
 * the commit, such as `0.1.0+99c5c5a2d1f0`. Code that was not built from a commit, as in a clone, has
 * a hash of its workflows instead, because they decide whether a history replays.
 *
 * @param workflowCode the bundle of the workflows.
 * @param sources the folder of the running code, `src` or `dist/src`.
 */
export function buildIdOf(workflowCode: string, sources: URL = SOURCES): string {
  // scripts/build.mjs and the Dockerfile write the file. It is empty where no commit is known.
  const commit = textOf(new URL('commit.txt', sources))?.trim();
  const hash = createHash('sha256').update(workflowCode).digest('hex').slice(0, 12);
  return `${packageVersion()}+${commit || `workflows.${hash}`}`;
}

/** Reads the version of package.json, which is next to `src` and, in the image, next to `dist`. */
export function packageVersion(): string {
  const file = new URL('../package.json', SOURCES);
  const text = textOf(file) ?? textOf(new URL('../../package.json', SOURCES));
  return text === undefined ? '0.0.0' : (JSON.parse(text) as { version: string }).version;
}

function textOf(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
