import { z } from 'zod';
import { address } from './address.ts';
import { object, requiredText, text } from './fields.ts';
import { email, phoneNumber } from './formats.ts';

/** Who prescribes (place-order.md, row `order.prescriber`). NPI and DEA are not verified here. */
export const prescriber = object({
  firstName: requiredText(),
  lastName: requiredText(),
  title: z.exactOptional(text()),
  titleSuffix: z.exactOptional(text()),
  npi: requiredText(),
  dea: z.exactOptional(text()),
  email: email(),
  phoneNumber: phoneNumber(),
  address,
});

/** Who prescribes. */
export type Prescriber = z.output<typeof prescriber>;
