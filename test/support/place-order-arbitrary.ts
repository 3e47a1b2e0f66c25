import fc from 'fast-check';
import { findInvisible, isBlank } from '../../src/contract/invisible-characters.ts';
import type {
  Address,
  PatientHealthInfo,
  PlaceOrderRequest,
  Prescriber,
  PrescriptionItem,
  PrescriptionOrder,
} from '../../src/contract/place-order.ts';
import { findDateFaults } from '../../src/contract/prescription-dates.ts';

/*
 * Requests that conform to every rule of the contract, in the form that the schema returns (`country` in
 * upper case, no `null`), so that a parsed request equals the original. Names and texts are random.
 */

/** Any valid text: all of Unicode except NUL, lone surrogates and stray invisible characters. */
function anyText(): fc.Arbitrary<string> {
  return fc
    .oneof(
      fc.string({ unit: 'grapheme-composite', maxLength: 20 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
    )
    .filter((text) => !text.includes('\0') && findInvisible(text) === undefined);
}

/** Any valid text that is not blank. */
function filledText(): fc.Arbitrary<string> {
  return anyText().filter((text) => !isBlank(text));
}

const state = fc.constantFrom('CA', 'NY', 'TX', 'WY', 'DC', 'PR', 'VI', 'GU', 'AS', 'MP', 'AE');
const upperLetter = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ');
const digit = fc.constantFrom(...'0123456789');

/** A phone number in the formats that people use. */
const phoneNumber = fc
  .tuple(
    fc.constantFrom('', '+', '+('),
    fc.array(fc.tuple(digit, fc.constantFrom('', '', '', ' ', '.', '-', '(', ') ')), {
      minLength: 7,
      maxLength: 15,
    }),
  )
  .map(([prefix, digits]) => prefix + digits.flat().join(''));

const emailName = fc.stringMatching(/^[a-z0-9_%+-]{1,12}(\.[a-z0-9]{1,8}){0,2}$/);
const email = fc
  .tuple(emailName, fc.constantFrom('example.com', 'mail.clinic.example.org', 'example.pharmacy'))
  .map(([name, domain]) => `${name}@${domain}`);

/** A date of the years 1 to 9999, with or without a time and an offset. */
const calendarDate = fc
  .tuple(
    fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    }),
    fc.constantFrom(10, 16, 19, 23),
    fc.constantFrom('', 'Z', '+05:30', '-08:00'),
  )
  .map(([moment, length, offset]) => {
    const text = moment.toISOString().slice(0, length);
    return length === 10 ? text : text + offset;
  });

const address: fc.Arbitrary<Address> = fc.record(
  {
    addressLine1: filledText(),
    addressLine2: filledText(),
    city: filledText(),
    state,
    country: fc.string({ unit: upperLetter, minLength: 2, maxLength: 2 }),
    postalCode: fc.string({ unit: digit, minLength: 5, maxLength: 5 }),
  },
  { requiredKeys: ['addressLine1', 'city', 'state', 'country', 'postalCode'] },
);

const prescriber: fc.Arbitrary<Prescriber> = fc.record(
  {
    firstName: filledText(),
    lastName: filledText(),
    title: filledText(),
    titleSuffix: filledText(),
    npi: filledText(),
    dea: filledText(),
    email,
    phoneNumber,
    address,
  },
  { requiredKeys: ['firstName', 'lastName', 'npi', 'email', 'phoneNumber', 'address'] },
);

const patientHealthInfo: fc.Arbitrary<PatientHealthInfo> = fc.record(
  { allergies: filledText(), healthConditions: filledText(), currentMedications: filledText() },
  { requiredKeys: [] },
);

const prescriptionItem: fc.Arbitrary<PrescriptionItem> = fc.record(
  {
    drugId: filledText(),
    direction: filledText(),
    quantity: fc.oneof(fc.nat({ max: 999 }).map(String), filledText()),
    refillCount: fc.maxSafeNat(),
    supplyDays: fc.integer({ min: 1 }),
    customFields: fc.dictionary(anyText(), fc.jsonValue({ maxDepth: 3 })),
  },
  { requiredKeys: ['drugId', 'quantity'] },
);

/** A valid `order`. */
export function validOrder(): fc.Arbitrary<PrescriptionOrder> {
  return anyDates().map((order) => {
    const { dateSigned } = order;
    if (dateSigned === undefined) return order;
    const late = findDateFaults(order).map(({ field }) => [field, dateSigned]);
    return { ...order, ...Object.fromEntries(late) };
  });
}

/** An `order` that is valid, except that it may be written or prescribed after it was signed. */
function anyDates(): fc.Arbitrary<PrescriptionOrder> {
  return fc.record(
    {
      shippingAddress: address,
      patientHealthInfo,
      prescriber,
      diagnosis: filledText(),
      pharmacyId: filledText(),
      dateWritten: calendarDate,
      dateSigned: calendarDate,
      datePrescribed: calendarDate,
      prescriptionItems: fc.array(prescriptionItem, { minLength: 1, maxLength: 4 }),
    },
    { requiredKeys: ['prescriber', 'diagnosis', 'pharmacyId', 'prescriptionItems'] },
  );
}

/** A valid body of `PLACE_ORDER`. */
export function validPlaceOrder(): fc.Arbitrary<PlaceOrderRequest> {
  return fc.record(
    {
      action: fc.constant('PLACE_ORDER' as const),
      idempotencyKey: fc
        .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 255 })
        .filter((key) => !isBlank(key)),
      order: validOrder(),
    },
    { requiredKeys: ['action', 'order'] },
  );
}
