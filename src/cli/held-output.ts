import type { TextTarget } from './context.ts';

/** Output that is buffered until it may be shown. */
export interface HeldOutput extends TextTarget {
  /** Writes the buffered text, and passes on all later text at once. */
  release(): void;
  /** Discards the buffered text. */
  drop(): void;
}

/** Buffers the text that is written to a target. */
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
