import path from 'node:path';
import type { Part } from '../../sandbox/part.ts';
import { type Reaper, startReaper } from '../../sandbox/reaper.ts';
import type { PreparedDeployment } from '../deployment/prepare.ts';
import type { CommandOptions, Shell } from '../deployment/shell.ts';
import { eventually } from '../support/eventually.ts';
import { type KeptProcess, keepProcess } from '../support/kept-process.ts';
import type { Build } from './programs.ts';
import type { Site } from './site.ts';

/** The processes of the deployment, in the order in which the test stops them. */
export const PROCESSES = [
  ...['proxy', 'server-1', 'server-2', 'worker-1', 'worker-2', 'codec', 'simulator'],
  ...['bucket', 'temporal', 'postgres'],
] as const;

/** The name of a process. */
export type ProcessName = (typeof PROCESSES)[number];

const READY_LIMIT_MS = 2 * 60_000;
/** How long a killed process stays away, as if a service manager restarted it. */
const DOWN_MS = 2_000;

/** The processes of a deployment on one machine. The test is their service manager: it restarts what dies. */
export interface System extends PreparedDeployment {
  /** Starts a process; resolves when it is ready. */
  start(name: ProcessName, part: Part): Promise<void>;
  /** Kills a process with SIGKILL; resolves when its restart is ready. */
  crash(name: ProcessName): Promise<void>;
  /** Stops a process for good. A process that does not end with exit code 0 is a fault. */
  stop(name: ProcessName): Promise<void>;
  /** Kills a process for good. */
  destroy(name: ProcessName): Promise<void>;
  /** Takes `rx` and the migrations from another build. */
  use(build: Build): void;
  /** Runs a program of the build until it ends, with the role of this name. */
  run(
    role: 'owner' | 'operator',
    args: readonly string[],
    options?: CommandOptions,
  ): Promise<string>;
  /** Kills what still runs. */
  close(): Promise<void>;
}

/**
 * @param first the build of `rx` and of the migrations.
 * @param faults receives what went wrong with a process.
 */
export async function createSystem(
  shell: Shell,
  site: Site,
  first: Build,
  faults: string[],
): Promise<System> {
  let build = first;
  const reaper: Reaper = await startReaper();
  const logsDir = path.join(site.folder, 'logs');
  const running = new Map<ProcessName, { part: Part; kept: KeptProcess }>();
  const of = (name: ProcessName) => {
    const entry = running.get(name);
    if (entry === undefined) throw new Error(`${name} does not run`);
    return entry;
  };
  const becomesReady = async (name: ProcessName, { ready }: Part) => {
    if (ready === 'message') throw new Error(`${name} tells nobody that it is ready`);
    const isReady = () =>
      ready().then(
        () => true,
        () => false,
      );
    await eventually(`${name} is ready`, isReady, READY_LIMIT_MS);
  };

  const system: System = {
    async start(name, part) {
      running.set(name, { part, kept: keepProcess(name, part, { reaper, logsDir }) });
      await becomesReady(name, part);
    },
    async crash(name) {
      const { part, kept } = of(name);
      await kept.kill(DOWN_MS);
      await becomesReady(name, part);
    },
    async stop(name) {
      const how = await of(name).kept.stop();
      running.delete(name);
      if (how !== 'exit code 0') faults.push(`${name} did not stop cleanly: ${how}`);
    },
    async destroy(name) {
      await of(name).kept.stop('SIGKILL');
      running.delete(name);
    },
    use(next) {
      build = next;
    },
    async run(role, args, options = {}) {
      const own = { RX_OPERATOR: 'production test' };
      const env = { ...site.environment(role), ...own, ...options.env };
      const all = { cwd: build.folder, ...options, env };
      return (await shell(process.execPath, args, all)).stdout;
    },
    async rx<T>(args: readonly string[], options: CommandOptions = {}) {
      const text = await system.run('operator', ['dist/src/cli.js', ...args, '--json'], options);
      return JSON.parse(text) as T;
    },
    async simulator<T>(route: string) {
      const response = await fetch(`http://127.0.0.1:${site.ports.simulator}/control/${route}`);
      if (!response.ok) throw new Error(`the simulator answers ${route} with ${response.status}`);
      return (await response.json()) as T;
    },
    async close() {
      for (const name of PROCESSES) if (running.has(name)) await system.destroy(name);
      await reaper.close();
    },
  };
  return system;
}
