import { open, readFile } from 'node:fs/promises';

/** An append-only file of lines. */
export interface Journal {
  /** Appends a line; resolves when it is on disk. Lines keep their order. */
  append(line: string): Promise<void>;
  /** Resolves when everything appended so far is on disk. */
  flushed(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a journal and reads what it holds. A last line without its end was never promised to
 * anyone (the process was killed while it wrote) and is cut off.
 *
 * @param file created when it is missing, readable by the owner only.
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

  // One write and one sync serve all lines that came while the one before was under way. A failed
  // one fails all that follow: the file has a hole then.
  async function flush(): Promise<void> {
    next = undefined;
    const batch = queue;
    queue = [];
    // Not earlier: a second process on the same file would cut the line that the first one writes,
    // but it never gets this far, for the first one has the port.
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
