// Cleans up after a stack that was killed or crashed. This process has a channel to the stack and a list
// of the stack's process groups. When the channel breaks, it ends exactly those groups, in order, and
// then exits. Plain JavaScript, so that it starts without the delay of a TypeScript loader.

import { endGroup, identify } from './process-table.mjs';

/** pid of the group's leader → `{ pid, identity, order, signal, limitMs }` */
const groups = new Map();

// The reaper must survive everything that ends the stack: a closed terminal, Ctrl-C, a stop of the group.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE']) process.on(signal, () => {});

process.on('message', ({ guard, release }) => {
  if (guard !== undefined) groups.set(guard.pid, { ...guard, identity: identify(guard.pid) });
  if (release !== undefined) groups.delete(release);
});

process.on('disconnect', async () => {
  for (const group of [...groups.values()].sort((a, b) => a.order - b.order)) {
    await endGroup(group, group.signal, group.limitMs);
  }
  process.exit(0);
});

process.send('ready');
