import { setTimeout as sleep } from 'node:timers/promises';
import { type CallFault, explainFault } from './explain-fault.ts';

/** The pause between two reads of an order, or two searches for its webhook. */
const PAUSE_MS = 500;

/** The rules, in the order of their findings (docs/pharmacy-protocol.md, "Check a pharmacy"). */
export const CONFORMANCE_RULES = [
  'reachable',
  'authorized',
  'refuses-wrong-token',
  'unknown-reference',
  'unknown-order',
  'place',
  'place-again',
  'find-by-reference',
  'read-by-id',
  'completion',
  'documents',
  'cancel',
  'webhook-secret',
  'webhook',
] as const;

/** The name of a rule. */
export type ConformanceRule = (typeof CONFORMANCE_RULES)[number];

/** The result of one rule. */
export interface ConformanceFinding {
  readonly rule: ConformanceRule;
  readonly result: 'ok' | 'fail' | 'skip';
  /** For people: what the pharmacy does, or what is wrong and what to do. */
  readonly message: string;
}

/** A finding without its rule. */
export type Verdict = Pick<ConformanceFinding, 'result' | 'message'>;

export const ok = (message: string): Verdict => ({ result: 'ok', message });
export const fail = (message: string): Verdict => ({ result: 'fail', message });
export const skip = (message: string): Verdict => ({ result: 'skip', message });

/** The result of a call to the pharmacy. */
export type Outcome<T> = { readonly value: T } | { readonly fault: CallFault };

/** The signal of every call. Each call has a time-out of its own, and must not be cut off by Ctrl-C. */
export const UNTIL_TIMEOUT: AbortSignal = new AbortController().signal;

/**
 * Pauses between two calls.
 *
 * @param stopping ends the pause early, without an error.
 */
export async function pause(stopping: AbortSignal): Promise<void> {
  await sleep(PAUSE_MS, undefined, { signal: stopping }).catch(() => undefined);
}

/** Waits for a call. An error that does not come from the pharmacy is thrown. */
export async function outcomeOf<T>(call: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await call };
  } catch (error) {
    const fault = explainFault(error);
    if (fault === undefined) throw error;
    return { fault };
  }
}

/** Finds that rules cannot be checked, and why. */
export function* skipped(
  rules: readonly ConformanceRule[],
  message: string,
): Generator<ConformanceFinding, void> {
  for (const rule of rules) yield { rule, ...skip(message) };
}
