import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { PROJECT } from '../../sandbox/folders.ts';
import type { PreparedDeployment } from '../deployment/prepare.ts';
import type { CommandOptions, Shell } from '../deployment/shell.ts';
import { eventually } from '../support/eventually.ts';
import type { Engine } from './engine.ts';

/** The ports that the test publishes, away from those of a sandbox. */
export const PORTS = {
  PORT: '23000',
  POSTGRES_PORT: '23432',
  TEMPORAL_PORT: '23233',
  TEMPORAL_UI_PORT: '23080',
  CODEC_PORT: '23234',
  CONSOLE_PORT: '23235',
  SIMULATOR_PORT: '23010',
};
const CONTROL_TOKEN = 'control-token-of-the-test';
const NAME = 'rx-orders-docker-test';

const containerSchema = z.object({
  ID: z.string(),
  Service: z.string(),
  State: z.string(),
  Health: z.string(),
});
export type Container = z.infer<typeof containerSchema>;

/** The project of docker-compose.yml in an engine, with secrets of its own. */
export interface Project extends PreparedDeployment {
  compose(args: readonly string[], options?: CommandOptions): Promise<string>;
  containers(): Promise<Container[]>;
  /** Resolves when all containers of a service run and are healthy. */
  healthy(service: string, count?: number): Promise<void>;
  /** Kills the first process of a service's container with SIGKILL, and waits until the engine has restarted it. */
  crash(service: string): Promise<void>;
  /** Starts a second server and a second worker, and the proxy in front of the servers. */
  scaleOut(): Promise<void>;
  secret(name: string): Promise<string>;
  /** Removes containers, volumes, networks and images. */
  remove(): Promise<void>;
}

/** @param folder an empty folder for the secrets. */
export async function openProject(shell: Shell, engine: Engine, folder: string): Promise<Project> {
  const secrets = path.join(folder, 'secrets');
  await mkdir(folder, { recursive: true });
  await shell('sh', [path.join(PROJECT, 'scripts/make-secrets.sh'), secrets]);
  const env = {
    ...engine.env,
    ...PORTS,
    COMPOSE_PROJECT_NAME: NAME,
    // An .env of the developer is not the test's.
    COMPOSE_ENV_FILES: '/dev/null',
    SECRETS_DIR: secrets,
    RX_ORDERS_TAG: 'docker-test',
    RX_OPERATOR: 'docker test',
    SIMULATOR_CONTROL_TOKEN: CONTROL_TOKEN,
  };
  const files = ['docker-compose.yml'];

  async function compose(args: readonly string[], options: CommandOptions = {}) {
    const all = ['compose', ...files.flatMap((file) => ['--file', file]), '--profile', 'simulator'];
    const merged = { cwd: PROJECT, ...options, env: { ...env, ...options.env } };
    return (await shell('docker', [...all, ...args], merged)).stdout;
  }

  const project: Project = {
    compose,
    async rx(args, { input = '', env: more = {} } = {}) {
      const passed = Object.keys(more).flatMap((name) => ['--env', name]);
      const text = await compose(['run', '--rm', '-T', ...passed, 'rx', ...args, '--json'], {
        input,
        env: more,
      });
      return JSON.parse(text);
    },
    async containers() {
      const text = await compose(['ps', '--all', '--format', 'json']);
      const lines = text.split('\n').filter((line) => line.startsWith('{'));
      return lines.map((line) => containerSchema.parse(JSON.parse(line)));
    },
    async healthy(service, count = 1) {
      await eventually(
        `${service} is healthy`,
        async () => {
          const all = (await project.containers()).filter((each) => each.Service === service);
          return all.filter((each) => each.Health === 'healthy').length >= count;
        },
        3 * 60_000,
      );
    },
    async crash(service) {
      const [container] = (await project.containers()).filter((each) => each.Service === service);
      if (container === undefined) throw new Error(`${service} has no container`);
      const inspect = async (what: string) =>
        (await shell('docker', ['inspect', '--format', what, container.ID], { env })).stdout.trim();
      if (engine.ours) {
        // From outside, as the kernel does it when memory runs out. The engine restarts such a container.
        const before = Number(await inspect('{{.RestartCount}}'));
        process.kill(Number(await inspect('{{.State.Pid}}')), 'SIGKILL');
        await eventually(
          `the engine restarts ${service}`,
          async () => Number(await inspect('{{.RestartCount}}')) > before,
          60_000,
        );
      } else {
        // The engine takes `kill` for a wish of the operator, and leaves the container stopped.
        await compose(['kill', '--signal', 'KILL', service]);
        await compose(['start', service]);
      }
      await project.healthy(service);
    },
    async scaleOut() {
      files.push('deploy/compose/proxy.yml');
      const scales = ['--scale', 'server=2', '--scale', 'worker=2'];
      await compose(['up', '--wait', '--wait-timeout', '300', ...scales]);
    },
    async secret(name) {
      return (await readFile(path.join(secrets, name), 'utf8')).trim();
    },
    async simulator<T>(route: string) {
      const response = await fetch(`http://127.0.0.1:${PORTS.SIMULATOR_PORT}/control/${route}`, {
        headers: { authorization: `Bearer ${CONTROL_TOKEN}` },
      });
      if (!response.ok) throw new Error(`the simulator answers ${route} with ${response.status}`);
      return (await response.json()) as T;
    },
    async remove() {
      await compose(['down', '--volumes', '--remove-orphans', '--timeout', '30', '--rmi', 'local']);
      const images = ['rx-orders:docker-test', 'rx-orders-simulator:docker-test'];
      await shell('docker', ['image', 'rm', '--force', ...images], { env, mayFail: true });
    },
  };
  return project;
}
