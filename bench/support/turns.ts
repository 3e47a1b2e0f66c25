/** The figures of one turn, by name. */
export type Figures = Readonly<Record<string, number>>;

/** A figure over all rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The figures of contenders that took turns, and ratios taken round by round. */
export interface Comparison {
  readonly figures: Readonly<Record<string, Readonly<Record<string, Spread>>>>;
  readonly ratios: Readonly<Record<string, Readonly<Record<string, Spread>>>>;
}

/**
 * Lets contenders take turns: A B C, A B C, … The first round warms up and does not count. What else the machine does
 * meanwhile then concerns all of them.
 *
 * @param turns what a turn of each contender does.
 * @param pairs ratios of these are taken, `[a, b]` as a / b.
 */
export async function takeTurns(
  rounds: number,
  turns: Readonly<Record<string, (isWarmUp: boolean) => Promise<Figures>>>,
  pairs: readonly (readonly [string, string])[],
): Promise<Comparison> {
  const results: Record<string, Figures[]> = {};
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, turn] of Object.entries(turns)) {
      const figures = await turn(round === 0);
      const shown = Object.entries(figures).map(([figure, value]) => `${figure} ${shorten(value)}`);
      console.log(`${round === 0 ? 'warm-up' : `round ${round}`}, ${name}: ${shown.join(', ')}`);
      if (round > 0) (results[name] ??= []).push(figures);
    }
  }
  const comparison = {
    figures: mapValues(results, spreads),
    ratios: Object.fromEntries(
      pairs
        .filter((pair) => pair.every((name) => results[name] !== undefined))
        .map(([a, b]) => [`${a}/${b}`, spreads(ratiosOf(results[a] ?? [], results[b] ?? []))]),
    ),
  };
  for (const [name, figures] of Object.entries({ ...comparison.figures, ...comparison.ratios })) {
    const shown = Object.entries(figures).map(
      ([figure, value]) => `${figure} ${value.median} [${value.least} … ${value.most}]`,
    );
    console.log(`${name}: ${shown.join(', ')}`);
  }
  return comparison;
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  // Of an even number of rounds, the two in the middle count.
  const middle = (sorted.length - 1) / 2;
  const median = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
  return {
    median: shorten(median),
    least: shorten(at(0)),
    most: shorten(at(sorted.length - 1)),
  };
}

function ratiosOf(a: readonly Figures[], b: readonly Figures[]): Figures[] {
  return a.map((figures, round) => {
    const ratios = Object.entries(figures).map(([name, value]) => {
      return [name, value / (b[round]?.[name] ?? Number.NaN)] as const;
    });
    return Object.fromEntries(ratios.filter(([, ratio]) => Number.isFinite(ratio)));
  });
}

function spreads(rounds: readonly Figures[]): Record<string, Spread> {
  const names = [...new Set(rounds.flatMap((figures) => Object.keys(figures)))];
  return Object.fromEntries(
    names.map((name) => [name, spreadOf(rounds.flatMap((figures) => figures[name] ?? []))]),
  );
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** Three digits, or whole numbers. */
function shorten(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
