import { open, readFile } from 'node:fs/promises';

/** An append-only file of lines. */
export interface Journal {
  /** Appends a line. Resolves when the line is on disk. Lines keep their order. */
  append(line: string): Promise<void>;
  /** Resolves when every line so far is on disk. */
  flushed(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a journal and reads its lines. Cuts off an incomplete last line: the process was killed while
 * it wrote, so nobody got an answer that depends on it.
 *
 * @param file is created if it is missing, readable by its owner only.
 */
export async function openJournal(file: string): Promise<{ journal: Journal; lines: string[] }> {
  const handle = await open(file, 'a', 0o600);
  const bytes = await readFile(file);
  const whole = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.toString('utf8', 0, whole).split('\n').slice(0, -1);

  let torn = whole < bytes.length;
  let queue: string[] = [];
  let last = Promise.resolve();
  let next: Promise<void> | undefined;

  // One write and one sync serve all lines that arrived during the previous write. After a failed write
  // all later writes fail too, because the file then has a gap.
  async function flush(): Promise<void> {
    next = undefined;
    const batch = queue;
    queue = [];
    // Not earlier: a second process on the same file would cut off a line that the first process is
    // writing. It does not get this far, because the first process holds the port.
    if (torn) await handle.truncate(whole);
    torn = false;
    await handle.appendFile(batch.join(''));
    await handle.datasync();
  }

  return {
    lines,
    journal: {
      append(line) {
        queue.push(`${line}\n`);
        if (next === undefined) {
          next = last.then(flush);
          last = next;
        }
        return next;
      },
      flushed: () => last,
      async close() {
        await last;
        await handle.close();
      },
    },
  };
}
