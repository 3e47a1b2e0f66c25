import { z } from 'zod';
import { object, requiredText, text } from './fields.ts';
import { country, postalCode, state } from './formats.ts';

/** A US postal address (docs/place-order.md, "Request"). */
export const address = object({
  addressLine1: requiredText().meta({ description: 'House number and street.' }),
  addressLine2: z.exactOptional(text()).meta({ description: 'Apartment, suite or unit.' }),
  city: requiredText().meta({ description: 'The city.' }),
  state: state(),
  country: country(),
  postalCode: postalCode(),
}).meta({ id: 'Address', description: 'A US postal address.' });

/** A US postal address. `country` is in upper case. */
export type Address = z.output<typeof address>;
