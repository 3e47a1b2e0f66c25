import type postgres from 'postgres';

/** How busy a connection pool is. */
export interface PoolUsage {
  /** The most connections. */
  readonly size: number;
  /** Statements and transactions that callers wait for. */
  readonly inUse: number;
  /** Those of them that no connection works on yet. */
  readonly waiting: number;
  /** How long all callers together have ever waited for a connection, in seconds. */
  readonly waitedSeconds: number;
}

/** A query with the library's internal fields, which have no public types. */
interface InternalQuery extends Promise<unknown> {
  /** Sends the query. The library calls it once, and never for a fragment of another query. */
  handler: (query: InternalQuery) => void;
  /** Whether the next answer on a connection belongs to this query. */
  active: boolean;
}

/**
 * Measures a pool. The library (3.4.9) reports nothing about its queues, so this watches each query: it waits from
 * the moment when the library takes it until it becomes the active one of a connection. A transaction waits until
 * its `BEGIN` has been answered; the statements in it have its connection.
 *
 * @returns the pool to use instead of `pool`, and a function that reads its usage.
 */
export function measurePool(
  pool: postgres.Sql,
  size: number,
): { readonly pool: postgres.Sql; readonly usage: () => PoolUsage } {
  const counts = { inUse: 0, waiting: 0, waitedMs: 0 };

  /** Counts one that waits from now on; returns the function that ends its wait. */
  function startWait(): () => void {
    const since = performance.now();
    let waits = true;
    counts.waiting += 1;
    return () => {
      if (!waits) return;
      waits = false;
      counts.waiting -= 1;
      counts.waitedMs += performance.now() - since;
    };
  }

  function watch(query: InternalQuery): void {
    const send = query.handler;
    query.handler = (sent) => {
      send(sent);
      counts.inUse += 1;
      const endWait = sent.active ? () => undefined : waitUntilActive(sent);
      const end = () => {
        endWait();
        counts.inUse -= 1;
      };
      void sent.then(end, end);
    };
  }

  function waitUntilActive(query: InternalQuery): () => void {
    const endWait = startWait();
    let active = false;
    Reflect.defineProperty(query, 'active', {
      configurable: true,
      enumerable: true,
      get: () => active,
      set(value: boolean) {
        active = value;
        if (value) endWait();
      },
    });
    return endWait;
  }

  async function begin(...parameters: unknown[]): Promise<unknown> {
    const work = parameters.pop() as (tx: unknown) => unknown;
    const endWait = startWait();
    counts.inUse += 1;
    try {
      return await (pool.begin as (...all: unknown[]) => Promise<unknown>)(
        ...parameters,
        (tx: unknown) => {
          endWait();
          return work(tx);
        },
      );
    } finally {
      endWait();
      counts.inUse -= 1;
    }
  }

  const measured = new Proxy(pool, {
    apply(target, self, parameters) {
      const made: unknown = Reflect.apply(target, self, parameters);
      if (made instanceof Promise && 'handler' in made) watch(made as InternalQuery);
      return made;
    },
    get(target, name, receiver) {
      return name === 'begin' ? begin : (Reflect.get(target, name, receiver) as unknown);
    },
  });
  return {
    pool: measured,
    usage: () => ({
      size,
      inUse: counts.inUse,
      waiting: counts.waiting,
      waitedSeconds: counts.waitedMs / 1_000,
    }),
  };
}
