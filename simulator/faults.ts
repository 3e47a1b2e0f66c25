import { type Answer, problem } from './answer.ts';
import type { Behaviour } from './behaviours.ts';

/** How a call fails. */
export interface Fault {
  readonly answer: Answer;
  /** Whether the call does its work before it fails, as with a lost answer. */
  readonly executes: boolean;
}

/** Decides which calls fail. */
export interface Faults {
  /**
   * @param subject the order that the call is about.
   * @returns undefined when the call succeeds.
   */
  draw(subject: string, behaviour: Behaviour): Fault | undefined;
}

/** The most failures of an order in a row, so that a client that retries succeeds. */
const LONGEST_STREAK = 4;

const KINDS: readonly ((behaviour: Behaviour) => Answer)[] = [
  () => problem(503, 'UNAVAILABLE', 'The pharmacy is not available.'),
  () => problem(429, 'TOO_MANY_CALLS', 'Come again in a second.', { 'retry-after': '1' }),
  () => ({ kind: 'reset' }),
  ({ hangMs }) => ({ kind: 'hang', ms: hangMs }),
];

/**
 * Makes calls fail at the rate of a behaviour.
 *
 * @param random returns numbers from 0 (included) to 1 (excluded).
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
