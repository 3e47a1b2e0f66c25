/** A place of the repository, for the map in CONTRIBUTING.md. */
export interface Place {
  readonly name: string;
  readonly holds: string;
}
/** The folders of `src/` by floor, the lowest first; `name` is the folder's. */
export declare const FLOORS: readonly (readonly Place[])[];
/** The files directly in `src/`; `name` is without the extension. */
export declare const ROOTS: readonly Place[];
/** The folders outside `src/`; `name` is the path from the repository's root. */
export declare const OUTSIDE: readonly Place[];
