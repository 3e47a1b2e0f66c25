import { z } from 'zod';

/** A string, number or boolean, as text. Anything else becomes empty. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String).catch('');

/** An object from any input. Missing and invalid fields become empty. */
function lenient<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess(
    (value) => (typeof value === 'object' && value !== null ? value : {}),
    z.object(shape),
  );
}

const address = lenient({
  addressLine1: text,
  addressLine2: text,
  city: text,
  state: text,
  postalCode: text,
  country: text,
});

const item = lenient({
  drugId: text,
  direction: text,
  quantity: text,
  refillCount: text,
  supplyDays: text,
  customFields: z.record(z.string(), z.unknown()).catch({}),
});

const bodySchema = lenient({
  prescription: lenient({
    diagnosis: text,
    dateWritten: text,
    dateSigned: text,
    datePrescribed: text,
    prescriber: lenient({
      title: text,
      firstName: text,
      lastName: text,
      titleSuffix: text,
      npi: text,
      dea: text,
      email: text,
      phoneNumber: text,
      address,
    }),
    patientHealthInfo: lenient({
      allergies: text,
      healthConditions: text,
      currentMedications: text,
    }),
    prescriptionItems: z.array(item).catch([]),
  }),
  shippingAddress: address,
  patient: lenient({
    firstName: text,
    lastName: text,
    dateOfBirth: text,
    email: text,
    phoneNumber: text,
  }),
});

/** The texts of an order's documents. Fields that the client left out are empty. */
export type PrescriptionText = z.output<typeof bodySchema>;

/** Reads the body of an order. Never throws: every body has a document. */
export function readPrescription(body: unknown): PrescriptionText {
  return bodySchema.parse(body);
}

/** An address on one line. */
export function addressLine(of: PrescriptionText['shippingAddress']): string {
  const region = joined(' ', of.state, of.postalCode);
  return joined(', ', of.addressLine1, of.addressLine2, of.city, region, of.country);
}

/** Joins the parts that are not empty with a separator. */
export function joined(separator: string, ...parts: string[]): string {
  return parts.filter((part) => part !== '').join(separator);
}
