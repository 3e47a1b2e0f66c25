import { z } from 'zod';
import { address } from './address.ts';
import { nonEmptyList, object, requiredText, text } from './fields.ts';
import { date, idempotencyKey } from './formats.ts';
import { prescriber } from './prescriber.ts';
import { prescriptionItem } from './prescription-item.ts';
import { type Parsed, parseBody } from './validation.ts';

export type { Address } from './address.ts';
export type { Prescriber } from './prescriber.ts';
export type { PrescriptionItem } from './prescription-item.ts';

const patientHealthInfo = object({
  allergies: z.exactOptional(text()),
  healthConditions: z.exactOptional(text()),
  currentMedications: z.exactOptional(text()),
});

const prescriptionOrder = object({
  shippingAddress: z.exactOptional(address),
  patientHealthInfo: z.exactOptional(patientHealthInfo),
  prescriber,
  diagnosis: requiredText(),
  pharmacyId: requiredText(),
  dateWritten: z.exactOptional(date()),
  dateSigned: z.exactOptional(date()),
  datePrescribed: z.exactOptional(date()),
  prescriptionItems: nonEmptyList(prescriptionItem),
});

const placeOrderRequest = object({
  action: requiredText().pipe(z.literal('PLACE_ORDER', { error: 'must be PLACE_ORDER' })),
  idempotencyKey: z.exactOptional(idempotencyKey()),
  order: prescriptionOrder,
});

/** What the patient told about their health, in free text. */
export type PatientHealthInfo = z.output<typeof patientHealthInfo>;

/** A prescription order as it was accepted: known fields only, none of them `null`. */
export type PrescriptionOrder = z.output<typeof prescriptionOrder>;

/** The body of `POST /api/v1/cases/:caseId` with the action `PLACE_ORDER`. */
export type PlaceOrderRequest = z.output<typeof placeOrderRequest>;

/**
 * Checks a request body against the contract (place-order.md, "Request").
 *
 * @param body any JSON value.
 * @returns the request, or every problem in the order of the contract's table. Never throws.
 */
export function parsePlaceOrder(body: unknown): Parsed<PlaceOrderRequest> {
  return parseBody(placeOrderRequest, body);
}
