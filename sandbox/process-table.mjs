// Information about processes from the operating system. Plain JavaScript, because the bootstrap and the
// reaper run without a TypeScript loader.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_EVERY_MS = 20;

export function identify(pid) {
  return process.platform === 'linux' ? identifyOnLinux(pid) : identifyByPs(pid);
}

/** Returns the fields of a process's `stat`, beginning with its state (proc_pid_stat(5)). */
function statOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses, and may itself contain spaces and parentheses.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

export function parentOf(pid) {
  if (process.platform !== 'linux') return Number(ps('ppid=', pid));
  try {
    return Number(statOf(pid)[1]);
  } catch {
    return 0;
  }
}

function identifyOnLinux(pid) {
  try {
    const fields = statOf(pid);
    const state = fields[0];
    // A zombie has ended. In a container without an init process it stays in the table forever.
    if (state === 'Z' || state === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

function identifyByPs(pid) {
  const line = ps('stat=,lstart=', pid);
  return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
}

export function commandLine(pid) {
  if (process.platform !== 'linux') return ps('args=', pid);
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

function ps(columns, pid) {
  try {
    const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    return execFileSync('ps', ['-o', columns, '-p', String(pid)], options).trim();
  } catch {
    return '';
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

export async function endGroup({ pid, identity }, signal, limitMs) {
  const lives = () => identity !== undefined && identify(pid) === identity;
  if (!lives()) return;
  signalProcess(pid, signal);
  const until = Date.now() + limitMs;
  while (lives() && Date.now() < until) await sleep(POLL_EVERY_MS);
  killGroup(pid);
}
