import { type Answer, problem } from './answer.ts';
import type { Behaviour } from './behaviours.ts';

/** How a call fails. */
export interface Fault {
  readonly answer: Answer;
  /** Whether the call does its work before it fails, as when an answer is lost on its way. */
  readonly executes: boolean;
}

/** Decides which calls fail. */
export interface Faults {
  /**
   * @param subject the order that the call is about.
   * @returns undefined for a call that is to succeed.
   */
  draw(subject: string, behaviour: Behaviour): Fault | undefined;
}

/** A client that keeps trying gets through: no order fails more often than this in a row. */
const LONGEST_STREAK = 4;

const KINDS: readonly ((behaviour: Behaviour) => Answer)[] = [
  () => problem(503, 'UNAVAILABLE', 'The pharmacy is not available.'),
  () => problem(429, 'TOO_MANY_CALLS', 'Come again in a second.', { 'retry-after': '1' }),
  () => ({ kind: 'reset' }),
  ({ hangMs }) => ({ kind: 'hang', ms: hangMs }),
];

/**
 * Faults at the rate that a behaviour asks for.
 *
 * @param random numbers from 0 (included) to 1 (not included).
 */
export function createFaults(random: () => number): Faults {
  const streaks = new Map<string, number>();
  return {
    draw(subject, behaviour) {
      const streak = streaks.get(subject) ?? 0;
      const kind = KINDS[Math.floor(random() * KINDS.length)];
      if (kind === undefined || streak >= LONGEST_STREAK || random() >= behaviour.faultRate) {
        streaks.delete(subject);
        return undefined;
      }
      streaks.set(subject, streak + 1);
      return { answer: kind(behaviour), executes: random() < 0.5 };
    },
  };
}
