import { type Behaviour, behaviourOf } from './behaviours.ts';
import { openJournal } from './journal.ts';
import type { Delivery, Order } from './order.ts';
import { apply, emptyState, type LedgerEvent, within } from './state.ts';

/** The simulator's memory. It is also the record of every request. */
export interface Ledger {
  /** Applies an event at once. Resolves when the event is on disk. */
  record(event: LedgerEvent): Promise<void>;
  /** Resolves when every event so far is on disk. */
  flushed(): Promise<void>;
  /** Every order, oldest first. */
  orders(): Order[];
  order(id: string): Order | undefined;
  orderByReference(pharmacyId: string, reference: string): Order | undefined;
  orderByKey(pharmacyId: string, idempotencyKey: string): Order | undefined;
  /** How many POSTs had this reference. */
  asked(pharmacyId: string, reference: string): number;
  /** The webhooks that still need a delivery. */
  deliveries(): Delivery[];
  delivery(id: string): Delivery | undefined;
  /** How many downloads of a document the pharmacy has failed or damaged. */
  spoiled(documentId: string): number;
  /** The current behaviour of a pharmacy. */
  behaviour(pharmacyId: string): Behaviour;
  close(): Promise<void>;
}

/**
 * Opens the ledger and replays it.
 *
 * @param file newline-delimited JSON. It is created if it is missing.
 * @throws {Error} a line is damaged, other than an incomplete last line.
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
