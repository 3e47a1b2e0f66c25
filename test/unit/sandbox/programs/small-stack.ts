import type { Part, PartName } from '../../../../sandbox/part.ts';
import { createPidFiles } from '../../../../sandbox/pid-files.ts';
import { startReaper } from '../../../../sandbox/reaper.ts';
import { createSupervisor, RESTART_POLICY } from '../../../../sandbox/supervisor.ts';

// A stack of two small parts, for tests that kill it. It prints the pids of its processes.

const folder = process.argv[2] ?? '.';
const reaper = await startReaper();
const supervisor = createSupervisor({
  reaper,
  pidFiles: createPidFiles(folder),
  logsDir: folder,
  policy: RESTART_POLICY,
  onLine: () => undefined,
  onRestart: () => undefined,
});

function part(name: PartName, code: string): Part {
  return {
    name,
    command: process.execPath,
    args: ['-e', `${code} process.send('ready'); setInterval(() => {}, 1000);`],
    env: {},
    stopSignal: 'SIGTERM',
    stopLimitMs: 300,
    ready: 'message',
  };
}

await supervisor.start(part('server', ''));
await supervisor.start(part('worker', "process.on('SIGTERM', () => {});"));
const parts = [supervisor.pid('server'), supervisor.pid('worker')];
process.stdout.write(`${JSON.stringify({ reaper: reaper.pid, parts })}\n`);
