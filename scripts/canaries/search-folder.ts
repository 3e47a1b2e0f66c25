import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Needles } from './search-bytes.ts';
import { type Searched, searchFile } from './search-stream.ts';

/** A file and the hits in it. */
export interface SearchedFile extends Searched {
  /** Relative to the folder. */
  readonly file: string;
}

/**
 * Searches all plain files of a folder and its subfolders. It does not follow links. It leaves out a
 * file that disappears during the search, because processes still use the folder.
 *
 * @param skip relative paths of folders and files to leave out.
 * @throws {Error} the folder or a file in it cannot be read.
 */
export async function* searchFolder(
  folder: string,
  needles: Needles,
  skip: ReadonlySet<string> = new Set(),
): AsyncGenerator<SearchedFile> {
  for (const file of await filesIn(folder, '', skip)) {
    const searched = await searchFile(path.join(folder, file), needles).catch(unlessGone);
    if (searched !== undefined) yield { file, ...searched };
  }
}

async function filesIn(
  folder: string,
  below: string,
  skip: ReadonlySet<string>,
): Promise<string[]> {
  const entries = await readdir(path.join(folder, below), { withFileTypes: true }).catch(
    (error: unknown) => (below === '' ? Promise.reject(error as Error) : unlessGone(error)),
  );
  const files: string[] = [];
  for (const entry of entries ?? []) {
    const name = path.join(below, entry.name);
    if (skip.has(name)) continue;
    if (entry.isDirectory()) files.push(...(await filesIn(folder, name, skip)));
    else if (entry.isFile()) files.push(name);
  }
  return files.sort();
}

function unlessGone(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
