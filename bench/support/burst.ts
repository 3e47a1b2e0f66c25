import type { Contender } from './contenders.ts';
import { cpuSeconds } from './proc.ts';
import { countStatements, resetStatements, sizeOf } from './statements.ts';
import type { Figures } from './turns.ts';
import type { World } from './world.ts';

/** Has a contender carry out orders; the figures say what each cost. The stack has to count statements. */
export async function burst(
  { database }: World,
  contender: Contender,
  count: number,
  inFlight: number,
): Promise<{ readonly ids: readonly string[]; readonly figures: Figures }> {
  const { pids, database: own } = contender;
  // So that no checkpoint is in the turn of one contender alone.
  await database`CHECKPOINT /* bench */`;
  const sizeBefore = own && (await sizeOf(own.connection));
  await resetStatements(database);
  const [cpuBefore, start, startedAt] = [cpuSeconds(pids), performance.now(), Date.now()];
  const { ids, completedAt } = await contender.burst(count, inFlight);
  const seconds = (performance.now() - start) / 1_000;
  const cpuAfter = cpuSeconds(pids);
  const cpu = Object.keys(pids).map((name) => {
    const spent = (cpuAfter[name] ?? 0) - (cpuBefore[name] ?? 0);
    return [name, (spent * 1_000) / count] as const;
  });
  // The pharmacy is not part of a contender.
  const total = cpu.reduce((sum, [name, ms]) => sum + (name === 'simulator' ? 0 : ms), 0);
  const statements = own && (await countStatements(database, { database: own.name }));
  const sizeAfter = own && (await sizeOf(own.connection));
  return {
    ids,
    figures: {
      ...(completedAt === undefined
        ? {}
        : { completedPerSecond: (count * 1_000) / (completedAt - startedAt) }),
      perSecond: count / seconds,
      cpuMs: total,
      ...Object.fromEntries(cpu.map(([name, ms]) => [`cpuMs.${name}`, ms])),
      ...(statements === undefined ? {} : { statements: statements / count }),
      ...(sizeBefore && sizeAfter
        ? {
            rows: (sizeAfter.rows - sizeBefore.rows) / count,
            bytes: (sizeAfter.bytes - sizeBefore.bytes) / count,
          }
        : {}),
    },
  };
}
