/** The value that all values beyond the limit share. */
const OTHER = 'other';
/** A longer value is not shown. */
const MOST_CHARACTERS = 64;

/**
 * Bounds the values of a label, because Prometheus keeps a series for each one. The first values keep their
 * names for the life of the process; all later ones count as `other`.
 *
 * @param most how many values get a name.
 */
export function boundedLabel(most: number): (value: string) => string {
  const named = new Set<string>();
  return (value) => {
    if (named.has(value)) return value;
    if (named.size >= most || value.length > MOST_CHARACTERS) return OTHER;
    named.add(value);
    return value;
  };
}

/** Pharmacies with series of their own. */
const MOST_PHARMACIES = 100;
/** Codes of errors with series of their own. A code comes from a finite list, apart from those of libraries. */
const MOST_CODES = 100;

/** Creates the bound for pharmacies; pass only those that are set up. */
export const pharmacyLabel = () => boundedLabel(MOST_PHARMACIES);

/** Creates the bound for codes of errors. */
export const codeLabel = () => boundedLabel(MOST_CODES);
