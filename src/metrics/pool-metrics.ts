import { Counter, Gauge, type Registry } from 'prom-client';
import type { PoolUsage } from '../storage/pool-usage.ts';

/** Adds how busy the pool of connections to Postgres is. */
export function addPoolMetrics(registry: Registry, pool: { usage(): PoolUsage }): void {
  const registers = [registry];
  const gauge = (name: string, help: string, of: (usage: PoolUsage) => number) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(of(pool.usage()));
      },
    });
  gauge('rx_postgres_pool_size', 'Connections that the pool opens at most.', ({ size }) => size);
  gauge(
    'rx_postgres_pool_calls',
    'Statements and transactions under way, those that wait for a connection included.',
    ({ inUse }) => inUse,
  );
  gauge(
    'rx_postgres_pool_waiting',
    'Statements and transactions that wait for a connection.',
    ({ waiting }) => waiting,
  );
  let counted = 0;
  new Counter({
    name: 'rx_postgres_pool_wait_seconds_total',
    help: 'Time that all statements and transactions together have waited for a connection.',
    registers,
    collect() {
      const { waitedSeconds } = pool.usage();
      this.inc(waitedSeconds - counted);
      counted = waitedSeconds;
    },
  });
}
