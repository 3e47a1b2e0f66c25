import { spawn } from 'node:child_process';

/** The running command and whether it was told to stop, with everything that it started. */
let current;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (current === undefined) process.exit(1);
    // The second time it is not asked.
    process.kill(-current.pid, stopping ? 'SIGKILL' : signal);
    stopping = true;
  });
}

/**
 * Runs a command without a terminal to its end. A stop signal is passed on to the command's whole
 * process group and ends this process once the command has ended.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ show?: boolean }} [options] `show` passes the output on as it comes; else it is kept.
 * @returns {Promise<{ code: number, output: string }>} a command that cannot start has code 127.
 */
export function run(command, args, { show = false } = {}) {
  return new Promise((resolve) => {
    const chunks = [];
    const out = show ? 'inherit' : 'pipe';
    const child = spawn(command, args, { stdio: ['ignore', out, out], detached: true });
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.on('spawn', () => {
      current = child;
    });
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => {
      current = undefined;
      if (stopping) process.exit(1);
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() });
    });
  });
}
