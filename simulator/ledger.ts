import { type Behaviour, behaviourOf } from './behaviours.ts';
import { openJournal } from './journal.ts';
import type { Delivery, Order } from './order.ts';
import { apply, emptyState, type LedgerEvent, within } from './state.ts';

/** The simulator's memory, which is also the evidence of what it was asked. */
export interface Ledger {
  /** Takes an event in at once; resolves when it is on disk. */
  record(event: LedgerEvent): Promise<void>;
  /** Resolves when everything recorded so far is on disk. */
  flushed(): Promise<void>;
  /** Every order, oldest first. */
  orders(): Order[];
  order(id: string): Order | undefined;
  orderByReference(pharmacyId: string, reference: string): Order | undefined;
  orderByKey(pharmacyId: string, idempotencyKey: string): Order | undefined;
  /** How many POSTs of this reference came. */
  asked(pharmacyId: string, reference: string): number;
  /** The webhooks that are still to be delivered. */
  deliveries(): Delivery[];
  delivery(id: string): Delivery | undefined;
  /** How many spoiled copies of a document were served. */
  spoiled(documentId: string): number;
  /** How a pharmacy behaves now. */
  behaviour(pharmacyId: string): Behaviour;
  close(): Promise<void>;
}

/**
 * Opens the ledger and replays it.
 *
 * @param file newline-delimited JSON, created when it is missing.
 * @throws {Error} when a line other than an unfinished last one is damaged.
 */
export async function openLedger(file: string): Promise<Ledger> {
  const { journal, lines } = await openJournal(file);
  const state = emptyState();
  for (const [index, line] of lines.entries()) apply(state, parse(line, index + 1));

  const orderOf = (id: string | undefined) => (id === undefined ? undefined : state.orders.get(id));
  return {
    record(event) {
      apply(state, event);
      return journal.append(JSON.stringify(event));
    },
    flushed: () => journal.flushed(),
    orders: () => [...state.orders.values()],
    order: orderOf,
    orderByReference: (pharmacyId, reference) =>
      orderOf(state.byReference.get(within(pharmacyId, reference))),
    orderByKey: (pharmacyId, key) => orderOf(state.byKey.get(within(pharmacyId, key))),
    asked: (pharmacyId, reference) => state.asked.get(within(pharmacyId, reference)) ?? 0,
    deliveries: () => [...state.deliveries.values()],
    delivery: (id) => state.deliveries.get(id),
    spoiled: (documentId) => state.spoiled.get(documentId) ?? 0,
    behaviour: (pharmacyId) => behaviourOf(pharmacyId, state.patches.get(pharmacyId)),
    close: () => journal.close(),
  };
}

function parse(line: string, number: number): LedgerEvent {
  try {
    return JSON.parse(line) as LedgerEvent;
  } catch (cause) {
    throw new Error(`the ledger in SIMULATOR_DATA_DIR is damaged at line ${number}`, { cause });
  }
}
