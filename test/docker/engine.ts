import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { goProgram } from '../deployment/go-program.ts';
import type { Shell } from '../deployment/shell.ts';
import { eventually } from '../support/eventually.ts';
import { leaveNoFirewallRules } from './firewall.ts';

/** A container engine. */
export interface Engine {
  /** The environment in which `docker` and `docker compose` use it. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether it is ours: its containers' processes are processes of this machine, and it ends with the test. */
  readonly ours: boolean;
  /** @param shell one that still runs commands after an interruption. */
  stop(shell: Shell): Promise<void>;
}

const COMPOSE = 'github.com/docker/compose/v2/cmd@v2.32.4';
const PACKAGES = ['docker.io', 'iptables', 'debootstrap'];

/**
 * Uses the engine that runs on this machine, or starts one with folders and a socket of its own. Debian's packages
 * are installed when there is no engine.
 *
 * @param folder an empty folder; the engine keeps everything there.
 * @param say receives one line about each step that takes long.
 */
export async function startEngine(
  shell: Shell,
  folder: string,
  say: (line: string) => void,
): Promise<Engine> {
  const config = path.join(folder, 'config');
  await mkdir(path.join(config, 'cli-plugins'), { recursive: true });
  const running = await shell('docker', ['info'], { mayFail: true }).catch(() => undefined);
  if (running?.code === 0) {
    say('using the engine that runs here');
    const env = { ...process.env };
    const plugin = await shell('docker', ['compose', 'version'], { env, mayFail: true });
    if (plugin.code !== 0) env['DOCKER_CONFIG'] = await withCompose(shell, config, say);
    return { env, ours: false, stop: async () => undefined };
  }

  await install(shell, say);
  const socket = `unix://${path.join(folder, 'docker.sock')}`;
  const before = await leaveNoFirewallRules(shell);
  const daemon = spawn(
    'dockerd',
    [
      ...['--data-root', path.join(folder, 'data'), '--exec-root', path.join(folder, 'exec')],
      ...['--pidfile', path.join(folder, 'dockerd.pid'), '--host', socket],
    ],
    { stdio: ['ignore', 'ignore', openSync(path.join(folder, '../dockerd.log'), 'w')] },
  );
  const env = { ...process.env, DOCKER_HOST: socket, DOCKER_CONFIG: config };
  const stop = async (last: Shell) => {
    await end(daemon);
    await before.restore(last);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await eventually(
      'the engine answers',
      async () => {
        if (daemon.exitCode !== null) throw new Error('dockerd ended; see dockerd.log');
        return (await shell('docker', ['info'], { env, mayFail: true })).code === 0;
      },
      60_000,
    );
    await withCompose(shell, config, say);
  } catch (error) {
    await stop(shell);
    throw error;
  }
  return { env, ours: true, stop };
}

async function install(shell: Shell, say: (line: string) => void): Promise<void> {
  const programs = ['/usr/sbin/dockerd', '/usr/sbin/iptables', '/usr/sbin/debootstrap'];
  if (programs.every(existsSync)) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(
      'no Docker engine runs here: start one, or run this as root on Debian, where it installs one',
    );
  }
  say(`installing ${PACKAGES.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await shell('apt-get', ['update', '-qq'], { env });
  await shell('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES], { env });
}

/** Adds the plugin `compose` to a configuration of the client, and returns the configuration's folder. */
async function withCompose(shell: Shell, config: string, say: (line: string) => void) {
  const plugin = await goProgram(shell, 'docker-compose', COMPOSE, say);
  await symlink(plugin, path.join(config, 'cli-plugins', 'docker-compose'));
  return config;
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.pid === undefined) return;
  const exited = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  const timer = setTimeout(() => daemon.kill('SIGKILL'), 30_000);
  await exited;
  clearTimeout(timer);
}
