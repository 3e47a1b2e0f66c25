import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { syncDirectory } from '../lib/sync-directory.ts';
import { DocumentMissingError } from './document-errors.ts';
import { checkPrefix, type DocumentStore } from './document-store.ts';

/**
 * Creates a document store in a folder. It writes a document to a temporary file in the same directory,
 * flushes it to disk and then renames it, so that a crash leaves either the whole document or none.
 *
 * @param folder is created if it is missing.
 */
export function createFileStore(folder: string): DocumentStore {
  const root = path.resolve(folder);

  /** Returns the path of a key. We make all keys, but one that leaves the folder must never work. */
  function locate(key: string): string {
    const file = path.resolve(root, key);
    if (!file.startsWith(root + path.sep)) throw new Error('document key leaves the folder');
    return file;
  }

  return {
    async put(key, bytes) {
      const file = locate(key);
      const directory = path.dirname(file);
      const made = await mkdir(directory, { recursive: true, mode: 0o700 });
      if (made !== undefined) await syncDirectory(path.dirname(made));
      await removeLeftovers(file);
      const temporary = `${file}.${randomBytes(6).toString('hex')}.part`;
      try {
        const handle = await open(temporary, 'wx', 0o600);
        // `flush` calls fsync before the file is closed, so that its bytes are on disk before the rename.
        await pipeline(bytes, handle.createWriteStream({ flush: true }));
        await rename(temporary, file);
        await syncDirectory(directory);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },

    async open(key, range) {
      try {
        const handle = await open(locate(key), 'r');
        return handle.createReadStream(range);
      } catch (error) {
        if (isMissing(error)) throw new DocumentMissingError(`no document ${key}`);
        throw error;
      }
    },

    async remove(key) {
      const file = locate(key);
      await rm(file, { force: true });
      try {
        await removeLeftovers(file);
        await syncDirectory(path.dirname(file));
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },

    async removeAll(prefix) {
      checkPrefix(prefix);
      await rm(locate(prefix), { recursive: true, force: true });
      try {
        await syncDirectory(root);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Removes temporary files of this document that crashed attempts have left. */
async function removeLeftovers(file: string): Promise<void> {
  const directory = path.dirname(file);
  const prefix = `${path.basename(file)}.`;
  for (const name of await readdir(directory)) {
    if (name.startsWith(prefix) && name.endsWith('.part')) {
      await rm(path.join(directory, name), { force: true });
    }
  }
}
