import { spawn } from 'node:child_process';

/** The running commands, and whether this process has received a stop signal. */
const running = new Set();
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (running.size === 0) process.exit(1);
    // The second signal kills the commands.
    for (const { pid } of running) process.kill(-pid, stopping ? 'SIGKILL' : signal);
    stopping = true;
  });
}

/**
 * Runs a command without a terminal and waits for its end. Passes a stop signal on to the command's
 * whole process group, and ends this process after the last running command.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ show?: boolean }} [options] `show` prints the output while the command runs. Otherwise the output is returned.
 * @returns {Promise<{ code: number, output: string }>} `code` is 127 when the command cannot start.
 */
export function run(command, args, { show = false } = {}) {
  return new Promise((resolve) => {
    const chunks = [];
    const out = show ? 'inherit' : 'pipe';
    const child = spawn(command, args, { stdio: ['ignore', out, out], detached: true });
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.on('spawn', () => running.add(child));
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => {
      running.delete(child);
      if (stopping && running.size === 0) process.exit(1);
      if (stopping) return;
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() });
    });
  });
}
