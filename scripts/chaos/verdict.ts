import type { ClientRecord, Violation, ViolationKind } from './evidence.ts';

/** The verdict on a run, as its last line shows it. */
export interface Verdict {
  /** Keys with an acknowledged order. */
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly unfinished: number;
  /** Broken promises of the other kinds. */
  readonly other: number;
  readonly kills: number;
  readonly seconds: number;
}

/** Counts the orders or keys of a run by the kind of finding. */
export function verdictOf(
  clients: readonly ClientRecord[],
  violations: readonly Violation[],
  run: { readonly kills: number; readonly seconds: number },
): Verdict {
  const counted: ViolationKind[] = ['lost', 'duplicated', 'unfinished'];
  const subjects = (kind: ViolationKind) =>
    new Set(violations.filter((one) => one.kind === kind).map(({ subject }) => subject)).size;
  const [lost, duplicated, unfinished] = counted.map(subjects) as [number, number, number];
  return {
    acknowledged: clients.filter(({ answers }) => answers.some((one) => one.orderId !== undefined))
      .length,
    ...{ lost, duplicated, unfinished },
    other: violations.filter(({ kind }) => !counted.includes(kind)).length,
    kills: run.kills,
    seconds: run.seconds,
  };
}
