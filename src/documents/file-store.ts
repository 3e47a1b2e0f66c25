import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DocumentMissingError } from './document-errors.ts';
import { checkPrefix, type DocumentStore } from './document-store.ts';

/**
 * A document store in a folder. A document is written to a temporary file beside its place, flushed
 * to the disk and then renamed, so that a crash leaves the whole document or none under its key.
 *
 * @param folder is made when it is missing.
 */
export function createFileStore(folder: string): DocumentStore {
  const root = path.resolve(folder);

  /** Keys are ours, but a key that left the folder would be a hole, so it is checked all the same. */
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
        // `flush` syncs the file before it is closed: a rename must never outlive its bytes.
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

/** Temporary files of this document from attempts that a crash ended. */
async function removeLeftovers(file: string): Promise<void> {
  const directory = path.dirname(file);
  const prefix = `${path.basename(file)}.`;
  for (const name of await readdir(directory)) {
    if (name.startsWith(prefix) && name.endsWith('.part')) {
      await rm(path.join(directory, name), { force: true });
    }
  }
}

/** Makes a change of a folder survive a power failure, as `fsync` of a file does its bytes. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
