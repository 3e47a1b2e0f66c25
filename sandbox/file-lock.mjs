// A lock between processes that expires with its holder. Plain JavaScript, because the bootstrap takes
// one before any package is installed.

import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { identify } from './process-table.mjs';

export function takeLock(path) {
  const content = JSON.stringify({ pid: process.pid, identity: identify(process.pid) });
  const own = `${path}.${randomUUID()}`;
  writeFileSync(own, content, { mode: 0o600 });
  try {
    for (;;) {
      // A hard link appears with its whole content, so no process ever reads a partly written lock.
      if (link(own, path)) return { release: () => release(path, content) };
      const found = read(path);
      if (found === undefined) continue;
      const holder = parse(found);
      if (holder !== undefined && identify(holder.pid) === holder.identity) {
        return { heldBy: holder.pid };
      }
      discard(path, found, own);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

function release(path, content) {
  if (read(path) === content) rmSync(path, { force: true });
}

/** Removes the lock of a dead process; puts back a lock that another process took in the meantime. */
function discard(path, found, own) {
  const aside = `${own}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (read(aside) !== found) link(aside, path);
  rmSync(aside, { force: true });
}

function link(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text) {
  try {
    const { pid, identity } = JSON.parse(text);
    return Number.isInteger(pid) && typeof identity === 'string' ? { pid, identity } : undefined;
  } catch {
    return undefined;
  }
}
