import { z } from 'zod';

// The published request as a tutorial would check it.

const text = z.string().min(1).max(255);
const address = z.object({
  addressLine1: text,
  addressLine2: text.optional(),
  city: text,
  state: z.string().length(2),
  country: text,
  postalCode: z.string().regex(/^\d{5}(-\d{4})?$/),
});
const date = z.iso.date().or(z.iso.datetime({ offset: true }));

export const requestSchema = z.object({
  action: z.literal('PLACE_ORDER'),
  idempotencyKey: text.optional(),
  order: z.object({
    shippingAddress: address.optional(),
    patientHealthInfo: z
      .object({
        allergies: z.string(),
        healthConditions: z.string(),
        currentMedications: z.string(),
      })
      .partial()
      .optional(),
    prescriber: z.object({
      firstName: text,
      lastName: text,
      title: text.optional(),
      titleSuffix: text.optional(),
      npi: text,
      dea: text.optional(),
      email: z.email(),
      phoneNumber: text,
      address,
    }),
    diagnosis: text,
    pharmacyId: text,
    dateWritten: date.optional(),
    dateSigned: date.optional(),
    datePrescribed: date.optional(),
    prescriptionItems: z
      .array(
        z.object({
          drugId: text,
          direction: z.string().optional(),
          quantity: text,
          refillCount: z.int().min(0).optional(),
          supplyDays: z.int().min(1).optional(),
          customFields: z.record(z.string(), z.unknown()).optional(),
        }),
      )
      .min(1),
  }),
});

/** The answer to a request that was accepted. */
export function createdAnswer(id: string) {
  const message = 'Order created successfully';
  return { status: 200, success: true, message, data: { order: { id } } };
}
