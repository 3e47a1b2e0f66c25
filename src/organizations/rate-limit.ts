/** The default rate limit of API keys. */
export interface RateLimit {
  /** Sustained requests per second; a key may have its own rate. */
  readonly perSecond: number;
  /** The burst after a pause, as the number of seconds whose requests may come at once. */
  readonly burstSeconds: number;
}

/** The state of a key's rate limit, for the `RateLimit` headers. */
export interface RateState {
  /** The number of requests that a full bucket allows at once. */
  readonly burst: number;
  /** The number of requests that are left, as far as this process knows. */
  readonly remaining: number;
  readonly perSecond: number;
}

/** A key has used up its rate limit. */
export class RateLimitedError extends Error {
  override readonly name = 'RateLimitedError';
  readonly retryAfterMs: number;
  readonly state: RateState;

  constructor(retryAfterMs: number, state: RateState) {
    super('the rate limit of the key is used up');
    this.retryAfterMs = retryAfterMs;
    this.state = state;
  }
}

/** The result of a lease from the bucket in Postgres. */
export interface Lease {
  /** The number of leased tokens. */
  readonly granted: number;
  /** The number of tokens left in the bucket. */
  readonly tokens: number;
  readonly perSecond: number;
}

/** The tokens that this process has leased, by key. */
export interface Allotments {
  /**
   * Takes one token of a key.
   *
   * @returns false if a lease is needed first.
   * @throws {RateLimitedError} by the result of the last lease, the bucket is still empty; no query is
   *   needed.
   */
  take(key: string): boolean;
  /**
   * Adds the tokens of a lease, and takes one of them.
   *
   * @throws {RateLimitedError} the lease has no token.
   */
  add(key: string, lease: Lease): void;
  /** The state of a key's rate limit; undefined if this process has leased no tokens for it. */
  state(key: string): RateState | undefined;
}

/** Maximum number of keys in memory. Beyond it all are dropped; each key then needs a new lease. */
const MAX_KEYS = 10_000;

interface Allotment {
  left: number;
  bucket: number;
  perSecond: number;
  emptyUntil: number;
}

/**
 * Creates the allotments of a process. The token buckets are in Postgres, so that a limit holds across
 * all processes. A process leases the tokens of a tenth of a second at a time, in the statement that
 * authenticates a request, so that rate limiting needs no extra round trip.
 *
 * @param options.burstSeconds as in {@link RateLimit}.
 * @param options.now returns the current time in milliseconds since the epoch.
 */
export function createAllotments(options: {
  readonly burstSeconds: number;
  readonly now?: () => number;
}): Allotments {
  const { burstSeconds, now = Date.now } = options;
  const allotments = new Map<string, Allotment>();

  const stateOf = ({ left, bucket, perSecond }: Allotment): RateState => ({
    burst: perSecond * burstSeconds,
    remaining: Math.max(0, Math.floor(left + bucket)),
    perSecond,
  });

  return {
    take(key) {
      const allotment = allotments.get(key);
      if (allotment === undefined) return false;
      if (allotment.left >= 1) {
        allotment.left -= 1;
        return true;
      }
      const wait = allotment.emptyUntil - now();
      if (wait > 0) throw new RateLimitedError(wait, stateOf(allotment));
      return false;
    },
    add(key, { granted, tokens, perSecond }) {
      if (allotments.size >= MAX_KEYS && !allotments.has(key)) allotments.clear();
      const left = (allotments.get(key)?.left ?? 0) + granted;
      const allotment = { left, bucket: tokens, perSecond, emptyUntil: 0 };
      allotments.set(key, allotment);
      if (left < 1) {
        const wait = ((1 - tokens) / perSecond) * 1_000;
        allotment.emptyUntil = now() + wait;
        throw new RateLimitedError(wait, stateOf(allotment));
      }
      allotment.left -= 1;
    },
    state(key) {
      const allotment = allotments.get(key);
      return allotment === undefined ? undefined : stateOf(allotment);
    },
  };
}
