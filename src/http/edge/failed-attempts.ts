import { createHmac, randomBytes } from 'node:crypto';
import type { Log } from '../../process/log.ts';
import { addressGroup } from './address-group.ts';

/** How many attempts to prove oneself may fail from one address. */
export interface FailureLimits {
  /** At once, after a pause. */
  readonly burst: number;
  /** Over time. */
  readonly perSecond: number;
}

/** Too many attempts from the caller's address failed. */
export class FailedAttemptsError extends Error {
  override readonly name = 'FailedAttemptsError';
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super('too many failed attempts; wait');
    this.retryAfterMs = retryAfterMs;
  }

  /** For the header `Retry-After`. */
  get retryAfterSeconds(): number {
    return Math.ceil(this.retryAfterMs / 1_000);
  }
}

/** The attempts that failed, by address; of one process. An address may be undefined: it is gone. */
export interface FailedAttempts {
  /**
   * Lets an attempt through, or ends it before the credential is looked at. One that was right a
   * short time ago is let through, so that a client is not locked out by its neighbours.
   *
   * @throws {FailedAttemptsError} too many failed.
   */
  admit(address: string | undefined, credential: string | undefined): void;
  /** The credential was right. */
  succeeded(credential: string): void;
  /**
   * Counts an attempt that failed.
   *
   * @throws {FailedAttemptsError} too many had failed before it; in place of the answer that it would get.
   */
  failed(address: string | undefined, credential?: string): void;
}

/** Addresses that are remembered, and credentials: those that were used longest ago are forgotten. */
const MOST_KEPT = 10_000;
/** How long a credential that was right is let through without a look at its address. */
const PROVEN_MS = 10 * 60_000;
/** How often an address is told of in the log, at most. */
const TELL_EVERY_MS = 60_000;

interface Bucket {
  /** Below zero after attempts that came together, down to one burst. */
  tokens: number;
  refilledAt: number;
  toldAt: number;
}

/**
 * Counts failed attempts in a token bucket for each address (IPv6: each /64). In memory: an attacker
 * gets as many bursts as there are processes, and a database under attack is not asked (ADR 27).
 *
 * @param options.onRefused hears of each attempt that is refused.
 * @param options.now milliseconds that never go back.
 */
export function createFailedAttempts(
  { burst, perSecond }: FailureLimits,
  log: Log,
  {
    onRefused = () => undefined,
    now = () => performance.now(),
  }: { readonly onRefused?: () => void; readonly now?: () => number } = {},
): FailedAttempts {
  const buckets = new Map<string, Bucket>();
  const provenUntil = new Map<string, number>();
  // Of this process alone: what it keeps is of no use to who reads its memory's remains.
  const secret = randomBytes(32);
  const hashOf = (credential: string) =>
    createHmac('sha256', secret).update(credential).digest('base64');

  function refilled(group: string): Bucket {
    const at = now();
    const { tokens, refilledAt, toldAt } = buckets.get(group) ?? {
      tokens: burst,
      refilledAt: at,
      toldAt: Number.NEGATIVE_INFINITY,
    };
    const gained = ((at - refilledAt) / 1_000) * perSecond;
    return { tokens: Math.min(burst, tokens + gained), refilledAt: at, toldAt };
  }

  function refuse(group: string, bucket: Bucket): never {
    onRefused();
    if (now() - bucket.toldAt >= TELL_EVERY_MS) {
      bucket.toldAt = now();
      log.warn('an address is refused: its attempts failed', { code: 'FAILED_ATTEMPTS' });
    }
    keep(buckets, group, bucket);
    throw new FailedAttemptsError(((1 - bucket.tokens) / perSecond) * 1_000);
  }

  return {
    admit(address, credential) {
      const group = addressGroup(address);
      if (!buckets.has(group)) return;
      const bucket = refilled(group);
      if (bucket.tokens >= 1) return;
      const until = credential === undefined ? undefined : provenUntil.get(hashOf(credential));
      if (until === undefined || until <= now()) refuse(group, bucket);
    },
    succeeded(credential) {
      keep(provenUntil, hashOf(credential), now() + PROVEN_MS);
    },
    failed(address, credential) {
      if (credential !== undefined) provenUntil.delete(hashOf(credential));
      const group = addressGroup(address);
      const bucket = refilled(group);
      const isEmpty = bucket.tokens < 1;
      bucket.tokens = Math.max(bucket.tokens - 1, -burst);
      keep(buckets, group, bucket);
      if (isEmpty) refuse(group, bucket);
    },
  };
}

/** Sets an entry as the last used one, and forgets the first where there are too many. */
function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MOST_KEPT) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
