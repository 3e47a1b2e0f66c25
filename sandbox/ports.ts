import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { Environment } from '../src/process/config.ts';
import { errorCode, StackError } from './stack-error.ts';

const HOST = '127.0.0.1';

/** The variables that name a port of the stack, and what stands when they are not set. */
const DEFAULTS = {
  PORT: 3000,
  SIMULATOR_PORT: 4010,
  TEMPORAL_PORT: 7233,
  TEMPORAL_UI_PORT: 8233,
  CODEC_PORT: 8234,
  POSTGRES_PORT: 54_329,
};

/** Names a port of the stack. */
export type PortName = keyof typeof DEFAULTS;

/** The stack's ports by the variable that names each. */
export type Ports = Readonly<Record<PortName, number>>;

/** Every variable that names a port. */
export const PORT_NAMES = Object.keys(DEFAULTS) as readonly PortName[];

/**
 * Reads the ports from the environment.
 *
 * @throws {StackError} names the variable that is no port.
 */
export function portsFrom(env: Environment): Ports {
  return record((name) => {
    const text = env[name];
    if (!text) return DEFAULTS[name];
    const port = Number(text);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new StackError(`${name} must be a port, 1 to 65535`);
    }
    return port;
  });
}

/**
 * Below the ports that systems hand out by themselves (from 32768 on Linux, 49152 elsewhere): a free one
 * of those is soon another program's. Temporal's dev server alone listens on several that it was given.
 */
const CHOICE = { from: 10_000, to: 32_000 };

/** Picks a free port on 127.0.0.1 for each name. */
export async function freePorts(): Promise<Ports> {
  const servers: Awaited<ReturnType<typeof listen>>[] = [];
  // All at once open, so that no two are the same.
  while (servers.length < PORT_NAMES.length) {
    const port = randomInt(CHOICE.from, CHOICE.to);
    const server = await listen(port).catch((error: unknown) => {
      if (errorCode(error) !== 'EADDRINUSE') throw error;
    });
    if (server !== undefined) servers.push(server);
  }
  const numbers = servers.map(({ port }) => port);
  await Promise.all(servers.map(({ close }) => close()));
  return record((name) => numbers[PORT_NAMES.indexOf(name)] as number);
}

/**
 * Checks that the stack can have its ports.
 *
 * @param names the ports that will be opened here.
 * @throws {StackError} names the variable whose port is taken, or two that are the same.
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
