/** A mistake that a good engineer could make, as a change of one file. */
export interface Bug {
  /** What the code does with it. */
  readonly name: string;
  readonly file: string;
  /** Words of the file, as they stand there once. */
  readonly words: string;
  readonly otherWords: string;
  /** Test files of which one at least must fail. */
  readonly tests: readonly string[];
}
