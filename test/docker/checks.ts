import type { Shell } from '../deployment/shell.ts';
import type { Engine } from './engine.ts';
import type { Project } from './project.ts';

interface Inspected {
  readonly Name: string;
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: string[] | null;
    readonly Memory: number;
    readonly LogConfig: { readonly Config: Record<string, string> };
  };
}

/** The services that need not reach Postgres, and a command of their images that fails because they cannot. */
const OUTSIDE_THE_DATABASE = ['codec', 'simulator'];

/**
 * Checks what the containers may do.
 *
 * @returns the faults.
 */
export async function faultsOfContainers(
  shell: Shell,
  { env }: Engine,
  project: Project,
): Promise<string[]> {
  const ids = (await project.containers()).map(({ ID }) => ID);
  const { stdout } = await shell('docker', ['inspect', ...ids], { env });
  const faults: string[] = [];
  for (const { Name, HostConfig } of JSON.parse(stdout) as Inspected[]) {
    if (!HostConfig.ReadonlyRootfs) faults.push(`${Name} can write to its root`);
    if (HostConfig.CapDrop?.[0] !== 'ALL') faults.push(`${Name} keeps capabilities`);
    if (HostConfig.Memory === 0) faults.push(`${Name} has no limit of memory`);
    if (HostConfig.LogConfig.Config['max-size'] === undefined)
      faults.push(`${Name} fills the disk`);
  }
  // Whoever may list containers sees their environment.
  for (const name of [
    'hash_secret',
    'encryption_keys',
    'codec_server_token',
    'postgres_password',
  ]) {
    const secret = await project.secret(name);
    if (stdout.includes(secret)) faults.push(`the environment of a container has ${name}`);
  }
  const probe = "require('node:dns').lookup('postgres', (error) => process.exit(error ? 0 : 1))";
  for (const service of OUTSIDE_THE_DATABASE) {
    await project
      .compose(['exec', '-T', service, 'node', '-e', probe])
      .catch(() => faults.push(`${service} reaches Postgres`));
  }
  return faults;
}

/** Returns how many orders each container of the server has accepted since it started. */
export async function acceptedByServer(project: Project, servers: number): Promise<number[]> {
  const probe = `fetch('http://127.0.0.1:9464/metrics').then((answer) => answer.text()).then((text) => {
    const lines = text.split('\\n').filter((line) => line.startsWith('rx_http_requests_total') && /POST/.test(line) && /status="200"/.test(line));
    console.log(lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)); })`;
  return await Promise.all(
    Array.from({ length: servers }, async (_, index) => {
      const at = ['exec', '-T', '--index', String(index + 1), 'server'];
      return Number(await project.compose([...at, 'node', '-e', probe]));
    }),
  );
}
