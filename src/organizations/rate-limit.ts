/** How often a key may be used. */
export interface RateLimit {
  /** Requests a second, over time; a key may have its own. */
  readonly perSecond: number;
  /** How many seconds' worth of requests may come at once, after a pause. */
  readonly burstSeconds: number;
}

/** Where a key stands, for the `RateLimit` headers. */
export interface RateState {
  /** Requests that may come at once. */
  readonly burst: number;
  /** Of them, left; as this process knows it. */
  readonly remaining: number;
  readonly perSecond: number;
}

/** A key's rate limit is used up. */
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

/** What a lease at the bucket in Postgres gave. */
export interface Lease {
  readonly granted: number;
  /** Left in the bucket. */
  readonly tokens: number;
  readonly perSecond: number;
}

/** The tokens that this process has leased, by key. */
export interface Allotments {
  /**
   * Takes one token of a key.
   *
   * @returns false when a lease is needed first.
   * @throws {RateLimitedError} the bucket was empty a moment ago, and is still: no need to ask.
   */
  take(key: string): boolean;
  /**
   * Adds what a lease gave, and takes one token of it.
   *
   * @throws {RateLimitedError} it gave none.
   */
  add(key: string, lease: Lease): void;
  state(key: string): RateState | undefined;
}

/** Keys whose tokens are remembered; beyond that, all are forgotten, which costs a lease each. */
const MOST_KEYS = 10_000;

interface Allotment {
  left: number;
  bucket: number;
  perSecond: number;
  emptyUntil: number;
}

/**
 * Makes the allotments of a process. The buckets are in Postgres, so that a limit holds over all
 * processes; each leases a tenth of a second's tokens at a time, within the statement that
 * authenticates a request, so that limiting costs no round trip of its own.
 *
 * @param options.now milliseconds since the epoch.
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
      if (allotments.size >= MOST_KEYS && !allotments.has(key)) allotments.clear();
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
