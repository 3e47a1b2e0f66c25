import type { PharmacyDirectory } from '../pharmacy/directory.ts';
import type { PharmacyGateway } from '../pharmacy/gateway.ts';
import {
  NotReadyError,
  PharmacyBusyError,
  PharmacyUnavailableError,
} from '../pharmacy/pharmacy-errors.ts';
import { isLocal, onActivityEnd } from '../temporal/activity-context.ts';
import { notLocally } from './pharmacy-retry-policy.ts';

/** Activities of one pharmacy that a worker runs at once. */
const MOST = 40;
/** The same for a pharmacy that does not answer. They are enough to notice that it answers again. */
const FEW = 2;
/** Calls without a usable answer in a row, after which a pharmacy counts as not answering. */
const FAILURES = 5;
/**
 * The time between two attempts at a pharmacy that does not answer, over all of its orders. Each attempt
 * costs the worker, Temporal and Postgres some work, and such a pharmacy may have thousands of orders.
 */
const ATTEMPT_EVERY_MS = 1_000;
/** The longest delay that this makes, so that orders continue soon after the pharmacy answers again. */
const MOST_DELAY_MS = 5 * 60_000;

/** How long an activity holds its slot, as long as none has ended. */
const HELD_MS = 1_000;
/** The share of the last activity in the average of {@link Use.heldMs}. */
const SHARE_OF_LAST = 0.1;

/** A pharmacy answers quickly while its activities hold their slots for less than this on average. */
const QUICK_MS = 800;

interface Use {
  running: number;
  /** The sum of the times when the running activities took their slots, by the process's monotonic clock. */
  takenAt: number;
  /** How long an activity holds its slot, in milliseconds: a moving average. */
  heldMs: number;
  failures: number;
  /** When the next attempt may run while none is free, by the same clock. */
  nextAttempt: number;
}

/** The pharmacies, with what the slots know about them. */
export interface PharmacySlots extends PharmacyDirectory {
  /** Whether the pharmacy has answered quickly lately, so that its steps may run as local activities. */
  answersQuickly(pharmacyId: string): boolean;
}

/**
 * Bounds how much of this worker one pharmacy can occupy, so that a pharmacy that hangs delays only its
 * own orders. An activity takes a slot of its pharmacy before its first call and holds it until it ends.
 * An activity that finds no free slot fails at once with {@link PharmacyBusyError}, and Temporal retries it
 * when its turn comes: an activity that waited here would occupy one of the worker's slots
 * (`WORKER_ACTIVITY_SLOTS`).
 *
 * A local activity occupies the slot of its workflow task, too. It gets a slot only at a pharmacy that answers
 * quickly, and while less than `mostLocal` of them run at all pharmacies.
 *
 * @param mostLocal local activities at once.
 */
export function withPharmacySlots(pharmacies: PharmacyDirectory, mostLocal: number): PharmacySlots {
  const uses = new Map<string, Use>();
  let local = 0;

  function take(pharmacyId: string): Use {
    const use = uses.get(pharmacyId) ?? {
      ...{ running: 0, takenAt: 0, heldMs: HELD_MS, failures: 0, nextAttempt: 0 },
    };
    const isFull = use.running >= (isSilent(use) ? FEW : MOST);
    if (isLocal()) {
      if (isFull || local >= mostLocal || !isQuick(use)) {
        throw notLocally('The pharmacy does not answer quickly, or the worker is busy.');
      }
      local += 1;
      onActivityEnd(() => {
        local -= 1;
      });
    }
    if (isFull) throw new PharmacyBusyError({ retryAfterMs: reserveAttempt(use) });
    const since = performance.now();
    use.running += 1;
    use.takenAt += since;
    uses.set(pharmacyId, use);
    onActivityEnd(() => {
      use.running -= 1;
      use.takenAt -= since;
      use.heldMs += (performance.now() - since - use.heldMs) * SHARE_OF_LAST;
    });
    return use;
  }

  return {
    find: (pharmacyId) => pharmacies.find(pharmacyId),
    async gateway(pharmacyId, token) {
      const use = take(pharmacyId);
      const gateway = await pharmacies.gateway(pharmacyId, token);
      if (gateway !== undefined) return observed(gateway, use);
      // Orders may name any number of pharmacies that do not exist.
      uses.delete(pharmacyId);
      return undefined;
    },
    answersQuickly(pharmacyId) {
      const use = uses.get(pharmacyId);
      return use !== undefined && isQuick(use);
    },
  };
}

function isQuick(use: Use): boolean {
  return use.failures === 0 && holdingMs(use, performance.now()) < QUICK_MS;
}

function isSilent({ failures }: Use): boolean {
  return failures >= FAILURES;
}

/**
 * Reserves the next free time for an attempt; returns the delay until then, in milliseconds. At a pharmacy
 * that answers, the attempts come as often as slots become free.
 */
function reserveAttempt(use: Use): number {
  const now = performance.now();
  const everyMs = isSilent(use) ? ATTEMPT_EVERY_MS : holdingMs(use, now) / MOST;
  use.nextAttempt = Math.min(Math.max(now, use.nextAttempt) + everyMs, now + MOST_DELAY_MS);
  return Math.round(use.nextAttempt - now);
}

/** How long an activity holds its slot: as long as those before, or those that run now, whichever is longer. */
function holdingMs({ running, takenAt, heldMs }: Use, now: number): number {
  return running === 0 ? heldMs : Math.max(heldMs, now - takenAt / running);
}

/** Counts the calls in a row that get no usable answer, and delays the attempts at a silent pharmacy. */
function observed(gateway: PharmacyGateway, use: Use): PharmacyGateway {
  async function count<T>(call: Promise<T>): Promise<T> {
    try {
      const answer = await call;
      use.failures = 0;
      return answer;
    } catch (error) {
      if (!(error instanceof PharmacyUnavailableError) || error instanceof NotReadyError) {
        use.failures = 0;
        throw error;
      }
      use.failures += 1;
      if (isSilent(use)) {
        error.retryAfterMs = Math.max(error.retryAfterMs ?? 0, reserveAttempt(use));
      }
      throw error;
    }
  }

  return {
    hasReferences: gateway.hasReferences,
    place: (request, signal) => count(gateway.place(request, signal)),
    findByReference: (reference, signal) => count(gateway.findByReference(reference, signal)),
    get: (pharmacyOrderId, signal) => count(gateway.get(pharmacyOrderId, signal)),
    cancel: (pharmacyOrderId, signal) => count(gateway.cancel(pharmacyOrderId, signal)),
    download: (document, signal) => count(gateway.download(document, signal)),
  };
}
