import { z } from 'zod';
import { object, requiredText, text } from './fields.ts';
import { country, postalCode, state } from './formats.ts';

/** A US postal address (place-order.md, row `address`). */
export const address = object({
  addressLine1: requiredText(),
  addressLine2: z.exactOptional(text()),
  city: requiredText(),
  state: state(),
  country: country(),
  postalCode: postalCode(),
});

/** A US postal address; `country` is in upper case. */
export type Address = z.output<typeof address>;
