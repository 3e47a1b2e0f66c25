import { z } from 'zod';

const milliseconds = z.number().int().min(0).max(2_147_483_647);
const delays = z.array(milliseconds).min(1);

const behaviourSchema = z.strictObject({
  /** False: every connection is dropped unanswered. */
  up: z.boolean(),
  /** A refusal that every new order is answered with, as 422. */
  refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** How an order ends by itself; null: only the control API ends it. */
  outcome: z.enum(['completed', 'rejected']).nullable(),
  /** From acceptance to that end. */
  completeAfterMs: milliseconds,
  /** From acceptance to a tracking number; null: none. */
  trackAfterMs: milliseconds.nullable(),
  /** Whether an order that has not ended can be cancelled. */
  cancellable: z.boolean(),
  /** Whether webhooks are sent. */
  webhooks: z.boolean(),
  /** When the copies of a webhook go out, counted from the event; equal times go out together. */
  webhookDelaysMs: delays,
  /** The same for `order.tracking_added`. */
  trackingDelaysMs: delays,
  /** True: the order ends, and the webhook is sent, before the answer to its POST. */
  endsBeforeAnswer: z.boolean(),
  /** True: the connection of the POST that creates an order is dropped. */
  dropsFirstAnswer: z.boolean(),
  /** Share of all calls that fail, 0 to 1; the fifth call of an order in a row never does. */
  faultRate: z.number().min(0).max(1),
  /** How long a call that hangs is held. */
  hangMs: milliseconds,
  /** How many downloads of each document are spoiled before the first good one. */
  spoiledDownloads: z.number().int().min(0),
  /** How they are spoiled, in turn: cut short, or of the right size with wrong bytes. */
  spoiledBy: z.array(z.enum(['truncation', 'alteration'])).min(1),
  /** The name that the dispensing label carries. */
  labelName: z.string().min(1),
});

/** How a pharmacy behaves. The control API can change every field. */
export type Behaviour = Readonly<z.output<typeof behaviourSchema>>;

/** What the control API changes of a behaviour. */
export const behaviourPatchSchema = behaviourSchema.partial();

/** A change to a behaviour. */
export type BehaviourPatch = z.output<typeof behaviourPatchSchema>;

const ORDINARY: Behaviour = {
  up: true,
  refusal: null,
  outcome: 'completed',
  completeAfterMs: 600,
  trackAfterMs: null,
  cancellable: true,
  webhooks: true,
  webhookDelaysMs: [0],
  trackingDelaysMs: [0],
  endsBeforeAnswer: false,
  dropsFirstAnswer: false,
  faultRate: 0,
  hangMs: 30_000,
  spoiledDownloads: 0,
  spoiledBy: ['truncation', 'alteration'],
  labelName: 'dispensing-label.pdf',
};

/** The sandbox's pharmacies (contract, `api.md`, "The sandbox"). */
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
    // The number is there 300 ms before the end, and every word of it comes after the end's first.
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
  'pharmacy-down': { ...ORDINARY, up: false },
  'pharmacy-manual': { ...ORDINARY, outcome: null },
};

/**
 * The behaviour of a pharmacy with the changes that were made to it.
 *
 * @throws {Error} for a pharmacy that is not of the sandbox.
 */
export function behaviourOf(pharmacyId: string, patch: BehaviourPatch = {}): Behaviour {
  if (!isPharmacy(pharmacyId)) throw new Error(`no pharmacy ${pharmacyId}`);
  return behaviourSchema.parse({ ...BEHAVIOURS[pharmacyId], ...patch });
}

/** Whether the sandbox has this pharmacy. */
export function isPharmacy(pharmacyId: string): boolean {
  return Object.hasOwn(BEHAVIOURS, pharmacyId);
}
