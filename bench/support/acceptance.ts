import { freePorts } from '../../sandbox/ports.ts';
import { asEnv } from './contenders.ts';
import { sendOrders } from './load.ts';
import { cpuSeconds } from './proc.ts';
import type { Figures } from './turns.ts';
import { pidsOf, type World } from './world.ts';

/** A turn in which one contender accepts orders. */
export type AcceptanceTurn = (isWarmUp: boolean) => Promise<Figures>;

/** The turns of this project's server and of contenders/bare-server.ts. */
export async function acceptanceTurns(
  { stack, database, generator, programs, createDatabase }: World,
  load: { readonly seconds: number; readonly connections: number },
): Promise<Record<'ours' | 'insert' | 'outbox', AcceptanceTurn>> {
  const { PORT: port } = await freePorts();
  const settings = asEnv({ port, databaseUrl: await createDatabase('bare') });
  const bare = await programs.start('bench/contenders/bare-server.ts', settings);
  const own = pidsOf(stack, ['server', 'postgres']);
  const turn = (url: string, pids: typeof own) => async (isWarmUp: boolean) => {
    // So that no checkpoint is in the turn of one contender alone.
    await database`CHECKPOINT`;
    const before = cpuSeconds(pids);
    const seconds = isWarmUp ? Math.min(3, load.seconds) : load.seconds;
    const result = await sendOrders(generator, { url, ...load, seconds });
    const after = cpuSeconds(pids);
    const count = result.placed.length;
    const msEach = (name: keyof typeof own) => ((after[name] - before[name]) * 1_000) / count;
    return {
      perSecond: count / result.seconds,
      p50Ms: result.p50,
      p99Ms: result.p99,
      'cpuMs.server': msEach('server'),
      'cpuMs.postgres': msEach('postgres'),
    };
  };
  return {
    ours: turn(stack.baseUrl, own),
    insert: turn(`http://127.0.0.1:${port}/insert`, { ...own, server: bare.pid }),
    outbox: turn(`http://127.0.0.1:${port}/outbox`, { ...own, server: bare.pid }),
  };
}
