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
   * @returns the number of tokens that the key owes, at least 0, when a lease is needed first; undefined
   *   when the process had a token.
   * @throws {RateLimitedError} by the result of the last lease, the bucket is still empty; no query is
   *   needed.
   */
  take(key: string): number | undefined;
  /**
   * Adds the tokens of a lease, and takes one of them.
   *
   * @throws {RateLimitedError} the lease has no token.
   */
  add(key: string, lease: Lease): void;
  /**
   * Refuses an expensive request while an earlier one is not paid for.
   *
   * @throws {RateLimitedError} the key owes more tokens than its bucket has.
   */
  refuseOwing(key: string): void;
  /**
   * Takes the further tokens of a request that costs more than one. When the process does not have them,
   * the key owes them, at most one burst, and its next lease pays for them first. So a request that costs
   * more than the bucket can hold is still served now and then.
   */
  charge(key: string, tokens: number): void;
  /** The state of a key's rate limit; undefined if this process has leased no tokens for it. */
  state(key: string): RateState | undefined;
}

/** Maximum number of keys in memory. Beyond it all are dropped; each key then needs a new lease. */
const MAX_KEYS = 10_000;

interface Allotment {
  /** The tokens of this process; negative when the key owes some. */
  left: number;
  /** The tokens in Postgres after the last lease. */
  bucket: number;
  perSecond: number;
  leasedAt: number;
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

  const burstOf = ({ perSecond }: Allotment) => Math.max(1, perSecond * burstSeconds);

  const stateOf = ({ left, bucket, perSecond }: Allotment): RateState => ({
    burst: perSecond * burstSeconds,
    remaining: Math.max(0, Math.floor(left + bucket)),
    perSecond,
  });

  /** Refuses a key until so many tokens have come into its bucket. */
  function refusal(allotment: Allotment, missing: number): RateLimitedError {
    const wait = Math.max(0, (missing / allotment.perSecond) * 1_000);
    allotment.emptyUntil = now() + wait;
    return new RateLimitedError(wait, stateOf(allotment));
  }

  return {
    take(key) {
      const allotment = allotments.get(key);
      if (allotment === undefined) return 0;
      if (allotment.left >= 1) {
        allotment.left -= 1;
        return undefined;
      }
      const wait = allotment.emptyUntil - now();
      if (wait > 0) throw new RateLimitedError(wait, stateOf(allotment));
      return Math.max(0, Math.ceil(-allotment.left));
    },
    add(key, { granted, tokens, perSecond }) {
      if (allotments.size >= MAX_KEYS && !allotments.has(key)) allotments.clear();
      const left = (allotments.get(key)?.left ?? 0) + granted;
      const allotment = { left, bucket: tokens, perSecond, leasedAt: now(), emptyUntil: 0 };
      allotments.set(key, allotment);
      if (left < 1) throw refusal(allotment, 1 - left - tokens);
      allotment.left -= 1;
    },
    refuseOwing(key) {
      const allotment = allotments.get(key);
      if (allotment === undefined) return; // Dropped since the request was authenticated.
      const { left, bucket, perSecond, leasedAt } = allotment;
      const refilled = bucket + ((now() - leasedAt) / 1_000) * perSecond;
      const missing = -left - Math.min(burstOf(allotment), refilled);
      if (missing > 0) throw refusal(allotment, missing);
    },
    charge(key, tokens) {
      const allotment = allotments.get(key);
      if (allotment === undefined) return;
      allotment.left = Math.max(allotment.left - tokens, -burstOf(allotment));
    },
    state(key) {
      const allotment = allotments.get(key);
      return allotment === undefined ? undefined : stateOf(allotment);
    },
  };
}
