import type { TextTarget } from './context.ts';

/** Output that is kept back until it may be shown. */
export interface HeldOutput extends TextTarget {
  /** Shows what was written, and from now on all that is. */
  release(): void;
  /** Forgets what was written. */
  drop(): void;
}

/** Keeps what is written to a target back. */
export function holdOutput(target: TextTarget): HeldOutput {
  let held: string[] | undefined = [];
  return {
    ...(target.isTTY === undefined ? {} : { isTTY: target.isTTY }),
    ...(target.columns === undefined ? {} : { columns: target.columns }),
    write(text) {
      if (held === undefined) target.write(text);
      else held.push(text);
    },
    release() {
      const texts = held ?? [];
      held = undefined;
      for (const text of texts) target.write(text);
    },
    drop() {
      held = [];
    },
  };
}
