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
import { findKeyDifference, KEY_HEADER, parseKeyHeader } from './idempotency-key-header.ts';
import { prescriber } from './prescriber.ts';
import { findDateFaults } from './prescription-dates.ts';
import { prescriptionItem } from './prescription-item.ts';
import { isRecord, type Parsed, parseBody, withFaults } from './validation.ts';

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
    description: 'Current medications.',
  }),
}).meta({
  id: 'PatientHealthInfo',
  description: 'What the patient reported about their health, as free text.',
});

/** The order of a request: the rows `order.…` in the table of the endpoint contract. */
export const prescriptionOrder = object({
  shippingAddress: z
    .exactOptional(address)
    .meta({ description: 'The shipping address. Default: the address of the case’s patient.' }),
  patientHealthInfo: z.exactOptional(patientHealthInfo),
  prescriber,
  diagnosis: requiredText(MOST_CHARACTERS_OF_PROSE).meta({
    description: 'The diagnosis that the drugs are prescribed for.',
  }),
  pharmacyId: requiredText().meta({
    description: 'The pharmacy that fills the order.',
    example: 'pharmacy-123',
  }),
  dateWritten: z.exactOptional(date()).meta({
    description: 'When the prescription was written. An ISO 8601 date or date-time.',
  }),
  dateSigned: z.exactOptional(date()).meta({ description: 'When the prescription was signed.' }),
  datePrescribed: z.exactOptional(date()).meta({ description: 'When the drugs were prescribed.' }),
  prescriptionItems: nonEmptyList(prescriptionItem).meta({
    description: 'The drugs, 1 to 500 items.',
  }),
}).meta({ id: 'PrescriptionOrder', description: 'A prescription order to place.' });

/** The actions of `POST /api/v1/cases/:caseId`. */
export const ACTIONS = ['PLACE_ORDER', 'VALIDATE_ORDER', 'CANCEL_ORDER'] as const;

/** The body of `PLACE_ORDER` and `VALIDATE_ORDER`, which differ in `action` only. */
function orderRequest<Name extends 'PLACE_ORDER' | 'VALIDATE_ORDER'>(name: Name) {
  return object({
    action: word(name, ACTIONS),
    idempotencyKey: z.exactOptional(idempotencyKey()),
    order: prescriptionOrder,
  });
}

export const placeOrderRequest = orderRequest('PLACE_ORDER').meta({ id: 'PlaceOrder' });

export const validateOrderRequest = orderRequest('VALIDATE_ORDER').meta({ id: 'ValidateOrder' });

/** What the patient reported about their health, as free text. */
export type PatientHealthInfo = z.output<typeof patientHealthInfo>;

/** A prescription order that passed validation: known fields only, none of them `null`. */
export type PrescriptionOrder = z.output<typeof prescriptionOrder>;

/** The body of `POST /api/v1/cases/:caseId` with the action `PLACE_ORDER`. */
export type PlaceOrderRequest = z.output<typeof placeOrderRequest>;

/** The body of `POST /api/v1/cases/:caseId` with the action `VALIDATE_ORDER`. */
export type ValidateOrderRequest = z.output<typeof validateOrderRequest>;

/**
 * Checks a request body against the endpoint contract (docs/place-order.md, "Request").
 *
 * @param body any JSON value.
 * @param headerKeys the values of the header `Idempotency-Key`. The key counts if the body has none.
 * @returns the request, or every problem in the order of the contract's table. Never throws.
 */
export function parsePlaceOrder(
  body: unknown,
  headerKeys?: readonly string[],
): Parsed<PlaceOrderRequest> {
  return parseOrderRequest(placeOrderRequest, body, headerKeys);
}

/** Like {@link parsePlaceOrder}, for the action `VALIDATE_ORDER`. */
export function parseValidateOrder(
  body: unknown,
  headerKeys?: readonly string[],
): Parsed<ValidateOrderRequest> {
  return parseOrderRequest(validateOrderRequest, body, headerKeys);
}

/** The rows of the contract's table, the header next to the key that it replaces. */
const ROWS = [
  ...['action', 'idempotencyKey', KEY_HEADER, 'order'],
  ...Object.keys(prescriptionOrder.out.shape).map((field) => `order.${field}`),
];

function parseOrderRequest<Request extends { readonly idempotencyKey?: string }>(
  schema: z.ZodType<Request>,
  body: unknown,
  headerKeys: readonly string[] = [],
): Parsed<Request> {
  const inBody = parseBody(schema, body);
  if (!isRecord(body)) return inBody;
  const header = parseKeyHeader(headerKeys);
  const faults = [
    ...(header.ok ? findKeyDifference(body['idempotencyKey'], header.value) : header.errors),
    ...(isRecord(body['order']) ? findDateFaults(body['order']) : []),
  ];
  const parsed = withFaults(inBody, faults, ROWS);
  if (!parsed.ok || !header.ok || header.value === undefined) return parsed;
  return { ok: true, value: { ...parsed.value, idempotencyKey: header.value } };
}
