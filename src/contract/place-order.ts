import { z } from 'zod';
import { address } from './address.ts';
import {
  MOST_CHARACTERS_OF_PROSE,
  nonEmptyList,
  object,
  requiredText,
  text,
  word,
} from './fields.ts';
import { date, idempotencyKey } from './formats.ts';
import { prescriber } from './prescriber.ts';
import { prescriptionItem } from './prescription-item.ts';
import { type Parsed, parseBody } from './validation.ts';

export type { Address } from './address.ts';
export type { Prescriber } from './prescriber.ts';
export type { PrescriptionItem } from './prescription-item.ts';

const patientHealthInfo = object({
  allergies: z.exactOptional(text(MOST_CHARACTERS_OF_PROSE)).meta({
    description: 'Known allergies.',
  }),
  healthConditions: z.exactOptional(text(MOST_CHARACTERS_OF_PROSE)).meta({
    description: 'Known conditions.',
  }),
  currentMedications: z.exactOptional(text(MOST_CHARACTERS_OF_PROSE)).meta({
    description: 'What the patient takes now.',
  }),
}).meta({
  id: 'PatientHealthInfo',
  description: 'What the patient told about their health, in free text.',
});

/** The order of a request: the table of place-order.md from `order.…` on. */
export const prescriptionOrder = object({
  shippingAddress: z
    .exactOptional(address)
    .meta({ description: 'Where to ship; without it, the patient’s address of the case.' }),
  patientHealthInfo: z.exactOptional(patientHealthInfo),
  prescriber,
  diagnosis: requiredText(MOST_CHARACTERS_OF_PROSE).meta({
    description: 'What the drugs are prescribed for.',
  }),
  pharmacyId: requiredText().meta({ description: 'The target pharmacy.', example: 'pharmacy-123' }),
  dateWritten: z.exactOptional(date()).meta({
    description: 'When the prescription was written: an ISO 8601 date or date-time.',
  }),
  dateSigned: z.exactOptional(date()).meta({ description: 'When it was signed.' }),
  datePrescribed: z.exactOptional(date()).meta({ description: 'When it was prescribed.' }),
  prescriptionItems: nonEmptyList(prescriptionItem).meta({ description: 'The drugs, 1 to 500.' }),
}).meta({ id: 'PrescriptionOrder', description: 'A prescription order as it is placed.' });

/** What a case can be asked to do by `POST /api/v1/cases/:caseId`. */
export const ACTIONS = ['PLACE_ORDER', 'VALIDATE_ORDER', 'CANCEL_ORDER'] as const;

/** The body of `PLACE_ORDER`; of `VALIDATE_ORDER` it is the same but for the word. */
function orderRequest<Name extends 'PLACE_ORDER' | 'VALIDATE_ORDER'>(name: Name) {
  return object({
    action: word(name, ACTIONS),
    idempotencyKey: z.exactOptional(idempotencyKey()),
    order: prescriptionOrder,
  });
}

export const placeOrderRequest = orderRequest('PLACE_ORDER').meta({ id: 'PlaceOrder' });

export const validateOrderRequest = orderRequest('VALIDATE_ORDER').meta({ id: 'ValidateOrder' });

/** What the patient told about their health, in free text. */
export type PatientHealthInfo = z.output<typeof patientHealthInfo>;

/** A prescription order as it was accepted: known fields only, none of them `null`. */
export type PrescriptionOrder = z.output<typeof prescriptionOrder>;

/** The body of `POST /api/v1/cases/:caseId` with the action `PLACE_ORDER`. */
export type PlaceOrderRequest = z.output<typeof placeOrderRequest>;

/** The body of `POST /api/v1/cases/:caseId` with the action `VALIDATE_ORDER`. */
export type ValidateOrderRequest = z.output<typeof validateOrderRequest>;

/**
 * Checks a request body against the contract (place-order.md, "Request").
 *
 * @param body any JSON value.
 * @returns the request, or every problem in the order of the contract's table. Never throws.
 */
export function parsePlaceOrder(body: unknown): Parsed<PlaceOrderRequest> {
  return parseBody(placeOrderRequest, body);
}

/** As {@link parsePlaceOrder}, for the action `VALIDATE_ORDER`. */
export function parseValidateOrder(body: unknown): Parsed<ValidateOrderRequest> {
  return parseBody(validateOrderRequest, body);
}
