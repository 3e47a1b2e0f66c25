import { z } from 'zod';
import { address } from './address.ts';
import { object, requiredText, text } from './fields.ts';
import { email, phoneNumber } from './formats.ts';

/** The prescriber (docs/place-order.md, "Request"). NPI and DEA are not verified here. */
export const prescriber = object({
  firstName: requiredText().meta({ description: 'The prescriber’s first name.' }),
  lastName: requiredText().meta({ description: 'The prescriber’s last name.' }),
  title: z
    .exactOptional(text())
    .meta({ description: 'The title before the name.', example: 'Dr.' }),
  titleSuffix: z
    .exactOptional(text())
    .meta({ description: 'The title after the name.', example: 'MD' }),
  npi: requiredText().meta({
    description:
      'The National Provider Identifier. Its check digit is verified only if the organization turned that on.',
    example: '1234567890',
  }),
  dea: z.exactOptional(text()).meta({
    description: 'The DEA registration number. It is verified under the same condition as `npi`.',
  }),
  email: email(),
  phoneNumber: phoneNumber(),
  address,
}).meta({ id: 'Prescriber', description: 'The prescriber.' });

/** The prescriber of an order. */
export type Prescriber = z.output<typeof prescriber>;
