import { OWNER, superuserUrl } from '../sandbox/database-url.ts';
import type { Stack } from '../sandbox/stack.ts';
import { openDatabase } from '../src/storage/database.ts';
import { migrate } from '../src/storage/migrate.ts';
import { startBenchStack } from './bench-stack.ts';

/**
 * Runs a benchmark on its own databases, next to the database of a stack, so that the stack's worker
 * does not process the benchmark's orders.
 *
 * @param run gets a function that makes a database by name, and the stack.
 */
export async function withBenchDatabase(
  run: (create: (name: string) => Promise<string>, stack: Stack) => Promise<void>,
): Promise<void> {
  const stack = await startBenchStack();
  try {
    const create = async (name: string) => {
      const server = openDatabase(superuserUrl(stack.databaseUrl), 1);
      await server.unsafe(`CREATE DATABASE ${name} OWNER ${OWNER}`);
      await server.end();
      const url = new URL(stack.databaseUrl);
      url.pathname = `/${name}`;
      await migrate(url.href);
      return url.href;
    };
    await run(create, stack);
  } finally {
    await stack.stop();
  }
}

/** The concurrency of a measurement, and its number of runs. */
export interface Load {
  readonly clients: number;
  readonly runs: number;
}

/** Measures how many seconds parallel clients take for a number of runs. */
export async function time(
  { clients, runs }: Load,
  run: () => PromiseLike<unknown>,
): Promise<number> {
  const start = performance.now();
  let left = runs;
  const client = async () => {
    while (left > 0) {
      left -= 1;
      await run();
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (performance.now() - start) / 1_000;
}
