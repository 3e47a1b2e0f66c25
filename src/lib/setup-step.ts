/** The result of one step of `rx setup`. */
export interface SetupStep {
  readonly step: string;
  /** `ok`: nothing was to do; `todo`: a run without `--dry-run` does it; `fail`: `message` names what is missing. */
  readonly result: 'ok' | 'done' | 'todo' | 'fail';
  readonly message: string;
}
