import { open } from 'node:fs/promises';

/** Calls fsync on a directory, so that a rename or removal in it survives a power failure. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
