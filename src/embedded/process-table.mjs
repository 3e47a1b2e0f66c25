// What the operating system knows about processes. Plain JavaScript, because the bootstrap and the
// reaper use it where no TypeScript can be loaded.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;

export function identify(pid) {
  return process.platform === 'linux' ? identifyOnLinux(pid) : identifyByPs(pid);
}

function identifyOnLinux(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    // A zombie only waits to be collected; where nobody collects orphans it stays for ever.
    if (state === 'Z' || state === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

function identifyByPs(pid) {
  try {
    const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], options).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

export function signalProcess(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

export function killGroup(pid) {
  signalProcess(-pid, 'SIGKILL');
}

export async function endGroup(pid, signal, limitMs) {
  const identity = identify(pid);
  if (identity !== undefined) {
    signalProcess(pid, signal);
    const until = Date.now() + limitMs;
    while (Date.now() < until && identify(pid) === identity) await sleep(LOOK_EVERY_MS);
  }
  killGroup(pid);
}
