/** A folder of `src/`. */
export interface Room {
  readonly name: string;
  /** What it holds, for the map in CONTRIBUTING.md. */
  readonly holds: string;
}
export declare const FLOORS: readonly (readonly Room[])[];
export declare const ROOTS: readonly string[];
