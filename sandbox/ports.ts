import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { Environment } from '../src/process/config.ts';
import { errorCode, StackError } from './stack-error.ts';

const HOST = '127.0.0.1';

/** The environment variables of the stack's ports, with their defaults. */
const DEFAULTS = {
  PORT: 3000,
  SIMULATOR_PORT: 4010,
  TEMPORAL_PORT: 7233,
  TEMPORAL_UI_PORT: 8233,
  CODEC_PORT: 8234,
  CONSOLE_PORT: 8235,
  WORKER_METRICS_PORT: 9464,
  POSTGRES_PORT: 54_329,
};

/** The environment variable of a port. */
export type PortName = keyof typeof DEFAULTS;

/** The stack's ports by environment variable. */
export type Ports = Readonly<Record<PortName, number>>;

/** The environment variables of all ports. */
export const PORT_NAMES = Object.keys(DEFAULTS) as readonly PortName[];

/**
 * Reads the ports from the environment.
 *
 * @throws {StackError} a variable is not a port; the message names it.
 */
export function portsFrom(env: Environment): Ports {
  return record((name) => {
    const text = env[name];
    if (!text) return DEFAULTS[name];
    const port = Number(text);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new StackError(`${name} must be a port number, 1 to 65535`);
    }
    return port;
  });
}

/**
 * Below the ephemeral port range (from 32768 on Linux, from 49152 elsewhere), because the system may
 * give a free ephemeral port to another program at any moment. Temporal's development server alone
 * listens on several of them.
 */
const CHOICE = { from: 10_000, to: 32_000 };

/** Picks a free port on 127.0.0.1 for each variable. */
export async function freePorts(): Promise<Ports> {
  const numbers = await pickFreePorts(PORT_NAMES.length);
  return record((name) => numbers[PORT_NAMES.indexOf(name)] as number);
}

/** Picks different free ports on 127.0.0.1. */
export async function pickFreePorts(count: number): Promise<number[]> {
  const servers: Awaited<ReturnType<typeof listen>>[] = [];
  // All servers stay open until the last port is found, so that no two ports are the same.
  while (servers.length < count) {
    const port = randomInt(CHOICE.from, CHOICE.to);
    const server = await listen(port).catch((error: unknown) => {
      if (errorCode(error) !== 'EADDRINUSE') throw error;
    });
    if (server !== undefined) servers.push(server);
  }
  const numbers = servers.map(({ port }) => port);
  await Promise.all(servers.map(({ close }) => close()));
  return numbers;
}

/**
 * Checks that the stack can listen on its ports.
 *
 * @param names the ports to check.
 * @throws {StackError} a port is taken, or two variables name the same port; the message names them.
 */
export async function requireFree(ports: Ports, names: readonly PortName[]): Promise<void> {
  const seen = new Map<number, PortName>();
  for (const name of names) {
    const port = ports[name];
    const other = seen.get(port);
    if (other !== undefined) {
      throw new StackError(
        `${other} and ${name} are both ${port}; set one of them to another port`,
      );
    }
    seen.set(port, name);
    try {
      await (await listen(port)).close();
    } catch (error) {
      const code = errorCode(error);
      throw new StackError(
        code === 'EADDRINUSE'
          ? `${name} ${port} is taken; set ${name} to a free port`
          : `${name} ${port} cannot be used (${code}); set ${name} to another port`,
      );
    }
  }
}

function record(of: (name: PortName) => number): Ports {
  return {
    PORT: of('PORT'),
    SIMULATOR_PORT: of('SIMULATOR_PORT'),
    TEMPORAL_PORT: of('TEMPORAL_PORT'),
    TEMPORAL_UI_PORT: of('TEMPORAL_UI_PORT'),
    CODEC_PORT: of('CODEC_PORT'),
    CONSOLE_PORT: of('CONSOLE_PORT'),
    WORKER_METRICS_PORT: of('WORKER_METRICS_PORT'),
    POSTGRES_PORT: of('POSTGRES_PORT'),
  };
}

function listen(port: number): Promise<{ port: number; close(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, HOST, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () => new Promise((closed) => server.close(() => closed())),
      });
    });
  });
}
