import { createHmac, randomBytes } from 'node:crypto';
import type { Log } from '../../process/log.ts';
import { addressGroup } from './address-group.ts';

/** How many attempts to authenticate may fail from one address. */
export interface FailureLimits {
  /** Failures allowed at once, after a pause. */
  readonly burst: number;
  /** Failures allowed per second over time. */
  readonly perSecond: number;
}

/** Too many attempts from the caller's address failed: 429. */
export class FailedAttemptsError extends Error {
  override readonly name = 'FailedAttemptsError';
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super('too many failed attempts; wait');
    this.retryAfterMs = retryAfterMs;
  }

  /** The value of the header `Retry-After`. */
  get retryAfterSeconds(): number {
    return Math.ceil(this.retryAfterMs / 1_000);
  }
}

/**
 * Counts failed attempts by address, within one process. An address is undefined when the connection
 * has closed.
 */
export interface FailedAttempts {
  /**
   * Admits an attempt, or refuses it before the credential is checked. A credential that was valid a
   * short time ago is always admitted, so that other clients of the address cannot lock it out.
   *
   * @throws {FailedAttemptsError} too many attempts from the address failed.
   */
  admit(address: string | undefined, credential: string | undefined): void;
  /** Whether {@link FailedAttempts.admit} would refuse a credential that was not valid lately. */
  isRefusing(address: string | undefined): boolean;
  /** Whether an attempt from the address failed lately. */
  hasFailed(address: string | undefined): boolean;
  /** Whether a credential was valid a short time ago. */
  isProven(credential: string): boolean;
  /** Records that a credential was valid. */
  succeeded(credential: string): void;
  /**
   * Counts a failed attempt.
   *
   * @throws {FailedAttemptsError} too many attempts had failed before this one. The 429 replaces the
   *   response that the attempt would get.
   */
  failed(address: string | undefined, credential?: string): void;
}

/** The most addresses, and the most credentials, in memory. The least recently used ones are dropped. */
const MAX_ENTRIES = 10_000;
/** How long a valid credential is admitted by default, whatever its address did. */
const PROVEN_MS = 10 * 60_000;
/** The shortest time between two log lines about one address. */
const LOG_INTERVAL_MS = 60_000;

interface Bucket {
  /** Negative after concurrent attempts, down to minus one burst. */
  tokens: number;
  refilledAt: number;
  loggedAt: number;
}

/**
 * Creates the counter: a token bucket in memory for each address (for IPv6, each /64). An attacker gets
 * one burst from each process; in return, an attack puts no load on the database (ADR 27).
 *
 * @param options.onRefused called for each refused attempt.
 * @param options.now a monotonic clock in milliseconds.
 * @param options.provenMs how long a valid credential is admitted whatever its address did.
 * @param options.subject what the attempts are counted by, for the log.
 * @param options.groupOf maps an address to the group that it is counted in.
 */
export function createFailedAttempts(
  { burst, perSecond }: FailureLimits,
  log: Log,
  {
    onRefused = () => undefined,
    now = () => performance.now(),
    provenMs = PROVEN_MS,
    subject = 'address',
    groupOf = addressGroup,
  }: {
    readonly onRefused?: () => void;
    readonly now?: () => number;
    readonly provenMs?: number;
    readonly subject?: 'address' | 'pharmacy';
    readonly groupOf?: (address: string | undefined) => string;
  } = {},
): FailedAttempts {
  const buckets = new Map<string, Bucket>();
  const provenUntil = new Map<string, number>();
  // Random in each process, so that a memory dump cannot match these hashes to credentials.
  const secret = randomBytes(32);
  const hashOf = (credential: string) =>
    createHmac('sha256', secret).update(credential).digest('base64');

  function refilled(group: string): Bucket {
    const at = now();
    const { tokens, refilledAt, loggedAt } = buckets.get(group) ?? {
      tokens: burst,
      refilledAt: at,
      loggedAt: Number.NEGATIVE_INFINITY,
    };
    const gained = ((at - refilledAt) / 1_000) * perSecond;
    return { tokens: Math.min(burst, tokens + gained), refilledAt: at, loggedAt };
  }

  function refuse(group: string, bucket: Bucket): never {
    onRefused();
    if (now() - bucket.loggedAt >= LOG_INTERVAL_MS) {
      bucket.loggedAt = now();
      log.warn(`${subject} refused: too many failed attempts`, { code: 'FAILED_ATTEMPTS' });
    }
    keep(buckets, group, bucket);
    throw new FailedAttemptsError(((1 - bucket.tokens) / perSecond) * 1_000);
  }

  const isProven = (credential: string) => (provenUntil.get(hashOf(credential)) ?? 0) > now();
  const isRefusing = (group: string) => buckets.has(group) && refilled(group).tokens < 1;

  return {
    admit(address, credential) {
      const group = groupOf(address);
      if (!isRefusing(group) || (credential !== undefined && isProven(credential))) return;
      refuse(group, refilled(group));
    },
    isRefusing: (address) => isRefusing(groupOf(address)),
    hasFailed(address) {
      const group = groupOf(address);
      return buckets.has(group) && refilled(group).tokens < burst;
    },
    isProven,
    succeeded(credential) {
      keep(provenUntil, hashOf(credential), now() + provenMs);
    },
    failed(address, credential) {
      if (credential !== undefined) provenUntil.delete(hashOf(credential));
      const group = groupOf(address);
      const bucket = refilled(group);
      const isEmpty = bucket.tokens < 1;
      bucket.tokens = Math.max(bucket.tokens - 1, -burst);
      keep(buckets, group, bucket);
      if (isEmpty) refuse(group, bucket);
    },
  };
}

/** Sets an entry as the most recently used one, and drops the oldest entry of a full map. */
function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_ENTRIES) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
