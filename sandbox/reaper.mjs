// Outlives the stack by a moment. It holds a channel to the stack and the list of the process groups
// that the stack runs; when the channel breaks, because the stack was killed or crashed, it ends
// exactly those groups, in order, and then itself. Plain JavaScript, so that it starts at once.

import { endGroup, identify } from './process-table.mjs';

/** pid of a group's leader → `{ pid, identity, order, signal, limitMs }` */
const groups = new Map();

// It has to survive whatever ends the stack: a closed terminal, a Ctrl-C, a stop of the group.
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
