import { z } from 'zod';
import { address } from './address.ts';
import { object, requiredText, text } from './fields.ts';
import { email, phoneNumber } from './formats.ts';

/** Who prescribes (place-order.md, row `order.prescriber`). NPI and DEA are not verified here. */
export const prescriber = object({
  firstName: requiredText().meta({ description: 'The prescriber’s first name.' }),
  lastName: requiredText().meta({ description: 'The prescriber’s last name.' }),
  title: z.exactOptional(text()).meta({ description: 'Before the name.', example: 'Dr.' }),
  titleSuffix: z.exactOptional(text()).meta({ description: 'Behind the name.', example: 'MD' }),
  npi: requiredText().meta({
    description:
      'National Provider Identifier; its check digit counts only where the organization asks for it.',
    example: '1234567890',
  }),
  dea: z.exactOptional(text()).meta({
    description: 'DEA registration number; checked as `npi` is.',
  }),
  email: email(),
  phoneNumber: phoneNumber(),
  address,
}).meta({ id: 'Prescriber', description: 'Who prescribes.' });

/** Who prescribes. */
export type Prescriber = z.output<typeof prescriber>;
