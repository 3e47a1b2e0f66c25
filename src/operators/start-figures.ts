import { randomUUID } from 'node:crypto';
import { Gauge, type Registry } from 'prom-client';
import { type PeriodicTask, runPeriodically } from '../lib/run-periodically.ts';
import { codeOf } from '../lib/safe-error.ts';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { addFigureGauges } from './figure-gauges.ts';
import { leadFigures, leaveFigures, readFigures } from './figures.ts';

/**
 * Starts reading the figures of Postgres periodically, for the metrics. Any number of processes may do so: one of
 * them reads and shows the figures, and the others show none. A scrape reads what the last round found, and
 * `rx_figures_age_seconds` tells how long ago that was.
 *
 * @param options.everyMs milliseconds between the end of one round and the start of the next.
 */
export function startFigures(options: {
  readonly database: Database;
  readonly registry: Registry;
  readonly everyMs: number;
  readonly log: Log;
}): PeriodicTask {
  const { database, registry, everyMs, log } = options;
  const holder = randomUUID();
  const gauges = addFigureGauges(registry);
  const registers = [registry];
  let readAt: number | undefined;
  new Gauge({
    name: 'rx_figures_age_seconds',
    help: 'Time since the figures of Postgres were read. Only the worker that reads them has it.',
    registers,
    collect() {
      if (readAt === undefined) this.remove();
      else this.set((performance.now() - readAt) / 1_000);
    },
  });
  const skew = new Gauge({
    name: 'rx_clock_skew_seconds',
    help: 'How far the clock of this process is ahead of the clock of Postgres.',
    registers,
  });
  skew.remove();

  const task = runPeriodically({
    everyMs,
    async round() {
      if (!(await leadFigures(database, holder))) {
        readAt = undefined;
        gauges.clear();
        skew.remove();
        return false;
      }
      const figures = await readFigures(database);
      skew.set((Date.now() - figures.postgres.nowMs) / 1_000);
      gauges.set(figures);
      readAt = performance.now();
      return false;
    },
    onError: (error) =>
      log.warn('the figures of the metrics cannot be read', { code: codeOf(error) }),
  });
  return {
    async stop() {
      await task.stop();
      // If this fails, another process takes over when the lease has run out.
      await leaveFigures(database, holder).catch(() => undefined);
    },
  };
}
