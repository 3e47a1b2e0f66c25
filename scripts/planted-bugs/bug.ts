/** A mistake that a good engineer could make, as a change of one file. */
export interface Bug {
  /** What the program does wrong with the bug. */
  readonly name: string;
  /** The file to change, relative to the project. */
  readonly file: string;
  /** A text that occurs exactly once in the file. */
  readonly original: string;
  /** The text that takes its place. */
  readonly replacement: string;
  /** Test files, relative to the project. At least one of them must fail with the bug. */
  readonly tests: readonly string[];
}

/**
 * Plants a bug in the text of its file.
 *
 * @returns the text with the bug; undefined when `original` does not occur exactly once.
 */
export function plant({ original, replacement }: Bug, source: string): string | undefined {
  const parts = source.split(original);
  return parts.length === 2 ? parts.join(replacement) : undefined;
}
