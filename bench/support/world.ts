import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { superuserUrl } from '../../sandbox/database-url.ts';
import type { Stack } from '../../sandbox/stack.ts';
import type { Environment } from '../../src/process/config.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { startBenchStack } from '../bench-stack.ts';
import { createPrograms, type Program, type Programs } from './programs.ts';

/** Receives the notifications of all contenders. */
export interface Receiver {
  readonly url: string;
  /** When the first notification of each order came. */
  readonly came: ReadonlyMap<string, number>;
}

/** What the benchmarks of whole processes share. */
export interface World {
  readonly stack: Stack;
  /** Logs in as the superuser. */
  readonly database: Database;
  readonly programs: Programs;
  readonly generator: Program;
  readonly receiver: Receiver;
  /** For files of the contenders. */
  readonly folder: string;
  /** Creates a database beside the stack's. @returns its URL. */
  createDatabase(name: string): Promise<string>;
}

/** No limit may stop a benchmark. */
const NO_LIMITS = { OUTBOX_LIMIT: '10000000' };

/** Runs a benchmark beside a stack, with a load generator and a receiver, and stops everything after it. */
export async function withWorld(
  run: (world: World) => Promise<void>,
  settings: Environment = {},
  options: Parameters<typeof startBenchStack>[1] = {},
): Promise<void> {
  const programs = await createPrograms();
  const stack = await startBenchStack({ ...NO_LIMITS, ...settings }, options);
  const database = openDatabase(superuserUrl(stack.databaseUrl), 2);
  const receiver = await startReceiver();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-bench-'));
  try {
    await run({
      ...{ stack, database, programs, receiver, folder },
      generator: await programs.start('bench/support/load-generator.ts'),
      async createDatabase(name) {
        await database.unsafe(`CREATE DATABASE ${name}`);
        const url = new URL(superuserUrl(stack.databaseUrl));
        url.pathname = `/${name}`;
        return url.href;
      },
    });
  } finally {
    await programs.stop();
    await database.end();
    // What was stopped by SIGSTOP has to continue before it can end.
    for (const part of ['worker', 'temporal'] as const) stack.kill(part, 'SIGCONT');
    await stack.stop();
    receiver.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The pids of parts of the stack. @throws {Error} a part is being restarted. */
export function pidsOf<Name extends Parameters<Stack['pid']>[0]>(
  stack: Stack,
  names: readonly Name[],
): Record<Name, number> {
  const pids = names.map((name) => {
    const pid = stack.pid(name);
    if (pid === undefined) throw new Error(`${name} does not run`);
    return [name, pid];
  });
  return Object.fromEntries(pids) as Record<Name, number>;
}

async function startReceiver(): Promise<Receiver & { stop(): void }> {
  const came = new Map<string, number>();
  const server = http.createServer((request, response) => {
    void json(request).then((body) => {
      const { order } = body as { order?: { id: string } };
      if (order !== undefined && !came.has(order.id)) came.set(order.id, Date.now());
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/rx`,
    came,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
