import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../lib/safe-error.ts';
import { DocumentMissingError, DocumentStoreError } from './document-errors.ts';
import type { DocumentStore } from './document-store.ts';

/** How long a store may take to answer that it has no such document, in milliseconds. */
const READ_LIMIT_MS = 1_500;
/** How long it may take to store, read and remove a small file, in milliseconds. */
const PROBE_LIMIT_MS = 5_000;

/** Every probe has a folder of its own, which no order can have. */
const PROBES = 'rx-probe';

/**
 * Creates a check that rejects when a store cannot be read. It stores nothing, so it also works with rights to read
 * only: it opens a document that does not exist. A store that hangs gets no second request meanwhile.
 */
export function createReadCheck(store: DocumentStore): () => Promise<void> {
  let pending: Promise<void> | undefined;
  return async () => {
    pending ??= openAbsent(store).finally(() => {
      pending = undefined;
    });
    await within(READ_LIMIT_MS, pending);
  };
}

async function openAbsent(store: DocumentStore): Promise<void> {
  try {
    const opened = await store.open(`${PROBES}/absent`);
    opened.destroy();
  } catch (error) {
    if (!(error instanceof DocumentMissingError)) throw error;
  }
}

/**
 * Stores a small file, reads it and removes it, as the worker does with documents.
 *
 * @returns what does not work, with the code of the error; undefined if everything does.
 */
export async function probeStore(store: DocumentStore): Promise<string | undefined> {
  const folder = `${PROBES}-${randomUUID()}/`;
  const bytes = Buffer.from('a probe of rx doctor\n');
  const steps: readonly [problem: string, run: () => Promise<void>][] = [
    ['cannot be stored', async () => await store.put(`${folder}probe`, Readable.from([bytes]))],
    [
      'cannot be read',
      async () => {
        const read = await buffer(await store.open(`${folder}probe`));
        if (!read.equals(bytes)) throw new DocumentStoreError('OTHER_BYTES');
      },
    ],
    ['cannot be removed', async () => await store.removeAll(folder)],
  ];
  const deadline = Date.now() + PROBE_LIMIT_MS;
  let found: string | undefined;
  for (const [problem, run] of steps) {
    try {
      await within(Math.max(deadline - Date.now(), 1), run());
    } catch (error) {
      // What was stored is removed even if it cannot be read.
      found ??= `${problem}: ${codeOf(error)}`;
    }
  }
  return found;
}

/** @throws {DocumentStoreError} the time is over. What runs continues, and nobody waits for it. */
async function within<T>(ms: number, running: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new DocumentStoreError('TimeoutError');
  });
  try {
    return await Promise.race([running, late]);
  } finally {
    timer.abort();
  }
}
