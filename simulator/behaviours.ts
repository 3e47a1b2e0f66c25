import { z } from 'zod';
import { OFFERS } from './order.ts';

const milliseconds = z.number().int().min(0).max(2_147_483_647);
const delays = z.array(milliseconds).min(1);
const statuses = z.array(z.number().int().min(200).max(599));
const offers = z.enum(OFFERS);

const behaviourSchema = z.strictObject({
  /** False: the simulator drops every connection without an answer. */
  up: z.boolean(),
  /** The 422 that every new order gets. */
  refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** How an order ends automatically; null: only the control API ends it. */
  outcome: z.enum(['completed', 'rejected']).nullable(),
  /** The time from acceptance to that end. */
  completeAfterMs: milliseconds,
  /** The time from acceptance to a tracking number; null: no tracking number. */
  trackAfterMs: milliseconds.nullable(),
  /** The time from a rejection or cancellation to a completion that contradicts it; null: it is final. */
  contradictAfterMs: milliseconds.nullable(),
  /** Whether the pharmacy cancels an order that has not ended. */
  cancellable: z.boolean(),
  /** 0: the answer to a cancellation is 200. Otherwise it is 202, and the order is cancelled this much later. */
  cancelAfterMs: milliseconds,
  /** Whether the pharmacy sends webhooks. */
  webhooks: z.boolean(),
  /** When the pharmacy sends each copy of a webhook, counted from the event. Equal times are sent together. */
  webhookDelaysMs: delays,
  /** The same for `order.tracking_added`. */
  trackingDelaysMs: delays,
  /** True: the pharmacy answers and sends webhooks as loose-answers.ts describes. */
  loose: z.boolean(),
  /** The answers to the first POSTs of each order, which do not create it. */
  placementFaults: statuses,
  /** True: the order ends and its webhook is sent before the POST is answered. */
  endsBeforeAnswer: z.boolean(),
  /** True: the simulator creates the order and then drops the connection of its POST. */
  dropsFirstAnswer: z.boolean(),
  /** The share of all calls that fail, 0 to 1. After four failures in a row, an order's next call succeeds. */
  faultRate: z.number().min(0).max(1),
  /** How long a hanging call keeps its connection. */
  hangMs: milliseconds,
  /** The documents of an order when it is completed. */
  offersAtEnd: offers,
  /** The documents that it has later, counted from the completion. Each change sends a webhook. */
  offersLater: z.array(z.object({ afterMs: milliseconds, offers })),
  /** True: the links to documents lead to the file server, directly or by redirect. */
  filesElsewhere: z.boolean(),
  /** The answers to the first downloads of each document, whose file does not exist yet. */
  documentFaults: statuses,
  /** How many downloads of each document are damaged before the first good one. */
  spoiledDownloads: z.number().int().min(0),
  /** How downloads are damaged, in turn: cut short, or the right size with wrong bytes. */
  spoiledBy: z.array(z.enum(['truncation', 'alteration'])).min(1),
  /** The name of the dispensing label's file. */
  labelName: z.string().min(1),
});

/** How a pharmacy behaves. The control API can change every field. */
export type Behaviour = Readonly<z.output<typeof behaviourSchema>>;

/** The schema of the control API's change to a behaviour. */
export const behaviourPatchSchema = behaviourSchema.partial();

/** A change to a behaviour. */
export type BehaviourPatch = z.output<typeof behaviourPatchSchema>;

const ORDINARY: Behaviour = {
  up: true,
  refusal: null,
  outcome: 'completed',
  completeAfterMs: 600,
  trackAfterMs: null,
  contradictAfterMs: null,
  cancellable: true,
  cancelAfterMs: 0,
  webhooks: true,
  webhookDelaysMs: [0],
  trackingDelaysMs: [0],
  loose: false,
  placementFaults: [],
  endsBeforeAnswer: false,
  dropsFirstAnswer: false,
  faultRate: 0,
  hangMs: 30_000,
  offersAtEnd: 'all',
  offersLater: [],
  filesElsewhere: false,
  documentFaults: [],
  spoiledDownloads: 0,
  spoiledBy: ['truncation', 'alteration'],
  labelName: 'dispensing-label.pdf',
};

/** The sandbox's pharmacies. */
export const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  'pharmacy-123': { ...ORDINARY, completeAfterMs: 1_000 },
  'pharmacy-slow': { ...ORDINARY, completeAfterMs: 10_000 },
  'pharmacy-silent': { ...ORDINARY, webhooks: false },
  'pharmacy-refuses': {
    ...ORDINARY,
    refusal: { code: 'DRUG_NOT_STOCKED', message: 'An item of this prescription is not stocked.' },
  },
  'pharmacy-rejects': { ...ORDINARY, outcome: 'rejected' },
  'pharmacy-flaky': { ...ORDINARY, faultRate: 0.5 },
  'pharmacy-lost-reply': { ...ORDINARY, dropsFirstAnswer: true },
  'pharmacy-early': { ...ORDINARY, completeAfterMs: 0, endsBeforeAnswer: true },
  'pharmacy-chatty': {
    ...ORDINARY,
    trackAfterMs: 300,
    webhookDelaysMs: [0, 0, 100, 400, 600],
    // The tracking number exists 300 ms before the end, but every webhook about it arrives after the first webhook about the end.
    trackingDelaysMs: [950, 950, 850, 1_200, 1_400],
    labelName: '../../etc/label "1".pdf',
  },
  'pharmacy-bad-document': { ...ORDINARY, spoiledDownloads: 2 },
  'pharmacy-corrupt': {
    ...ORDINARY,
    spoiledDownloads: Number.MAX_SAFE_INTEGER,
    spoiledBy: ['alteration'],
  },
  'pharmacy-tracking': { ...ORDINARY, trackAfterMs: 300, completeAfterMs: 900 },
  'pharmacy-loose': { ...ORDINARY, loose: true, trackAfterMs: 300, cancelAfterMs: 300 },
  'pharmacy-rendering': {
    ...ORDINARY,
    placementFaults: [408, 425],
    documentFaults: [404, 403, 202],
  },
  'pharmacy-late-documents': {
    ...ORDINARY,
    offersAtEnd: 'none',
    offersLater: [
      { afterMs: 800, offers: 'first' },
      { afterMs: 2_000, offers: 'all' },
    ],
  },
  'pharmacy-corrects': { ...ORDINARY, offersLater: [{ afterMs: 1_500, offers: 'corrected' }] },
  'pharmacy-files-elsewhere': { ...ORDINARY, filesElsewhere: true },
  'pharmacy-contradicts': { ...ORDINARY, outcome: 'rejected', contradictAfterMs: 1_500 },
  'pharmacy-down': { ...ORDINARY, up: false },
  'pharmacy-manual': { ...ORDINARY, outcome: null },
};

/**
 * The behaviour of a pharmacy, with the changes made to it.
 *
 * @throws {Error} the sandbox has no such pharmacy.
 */
export function behaviourOf(pharmacyId: string, patch: BehaviourPatch = {}): Behaviour {
  if (!isPharmacy(pharmacyId)) throw new Error(`no pharmacy ${pharmacyId}`);
  return behaviourSchema.parse({ ...BEHAVIOURS[pharmacyId], ...patch });
}

/** Whether the sandbox has this pharmacy. */
export function isPharmacy(pharmacyId: string): boolean {
  return Object.hasOwn(BEHAVIOURS, pharmacyId);
}
