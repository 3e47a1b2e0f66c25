import { z } from 'zod';

/* What an organization learns about pharmacies (docs/api.md, "Pharmacies"). */

const orderWarning = z
  .object({
    field: z.string().meta({ description: 'The field of the order.', example: 'pharmacyId' }),
    code: z.string().meta({
      description: 'The reason code that the order would have.',
      example: 'PHARMACY_UNKNOWN',
    }),
    message: z.string().meta({ description: 'The reason in words.' }),
  })
  .meta({
    id: 'OrderWarning',
    description: 'A reason for which an accepted order would wait for an operator.',
  });

/** The `data` of a valid order (docs/api.md, "Validate before a prescriber signs"). */
export const orderValidation = z.object({
  valid: z.literal(true),
  warnings: z.array(orderWarning).meta({
    description: 'Why the order would wait in `NEEDS_ATTENTION` if it were placed now.',
  }),
});

const pharmacyView = z
  .object({
    id: z.string().meta({ description: 'The `pharmacyId` of orders.', example: 'pharmacy-123' }),
    name: z.string().meta({ description: 'The name for people. Default: the id.' }),
    active: z.boolean().meta({
      description: 'False: the pharmacy is switched off. An order would wait for an operator.',
    }),
  })
  .meta({ id: 'Pharmacy', description: 'A pharmacy where the organization can place orders.' });

export const pharmacyPage = z.object({
  pharmacies: z.array(pharmacyView),
  nextCursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
});

/** A reason for which an accepted order would wait in `NEEDS_ATTENTION`. */
export type OrderWarning = Readonly<z.output<typeof orderWarning>>;

/** A pharmacy where an organization can place orders. */
export type PharmacyView = Readonly<z.output<typeof pharmacyView>>;

/** The `data` of a list of pharmacies, by id. */
export type PharmacyPage = Readonly<z.output<typeof pharmacyPage>>;
