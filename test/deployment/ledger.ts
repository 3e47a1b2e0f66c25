/** The orders of a pharmacy, as the simulator's control API lists them. */
export interface Ledger {
  readonly orders: readonly { readonly reference: string }[];
}

/** What a comparison with the ledger of the pharmacies found. */
export interface Comparison {
  /** Orders that the API acknowledged and that did not end COMPLETED, or that no pharmacy has. */
  readonly lost: number;
  /** Orders that pharmacies have more than once, or whose request was never answered with 200. */
  readonly duplicated: number;
}

/**
 * Compares the acknowledged orders with those that the pharmacies have, and prints each difference.
 *
 * @param open the acknowledged orders that are not COMPLETED.
 */
export function compareWithLedger(
  acknowledged: Iterable<string>,
  open: ReadonlySet<string>,
  { orders }: Ledger,
): Comparison {
  const told = new Set(acknowledged);
  const placed = new Map<string, number>();
  for (const { reference } of orders) placed.set(reference, (placed.get(reference) ?? 0) + 1);
  const lost = [...told].filter((id) => open.has(id) || !placed.has(id));
  const extra = [...placed].filter(([id, times]) => times > 1 || !told.has(id));
  for (const id of lost) console.error(`lost: ${id}`);
  for (const [id, times] of extra) console.error(`at the pharmacies ${times} times: ${id}`);
  return { lost: lost.length, duplicated: extra.length };
}
