import { z } from 'zod';
import { jsonDepthExceeds } from './canonical-json.ts';
import {
  foreignObject,
  integer,
  MOST_CHARACTERS_OF_PROSE,
  object,
  requiredText,
  text,
} from './fields.ts';

/** Deeper JSON overflows the stack of whoever writes or reads it next, Postgres included. */
const MAX_CUSTOM_DEPTH = 64;

/** One drug of a prescription (place-order.md, rows `…[]`). */
export const prescriptionItem = object({
  drugId: requiredText(),
  direction: z.exactOptional(text(MOST_CHARACTERS_OF_PROSE)),
  quantity: requiredText(),
  refillCount: z.exactOptional(integer(0)),
  supplyDays: z.exactOptional(integer(1)),
  customFields: z.exactOptional(
    foreignObject({
      accepts: (value) => !jsonDepthExceeds(value, MAX_CUSTOM_DEPTH),
      rule: `must not be nested deeper than ${MAX_CUSTOM_DEPTH} levels`,
    }),
  ),
});

/** One drug of a prescription. */
export type PrescriptionItem = z.output<typeof prescriptionItem>;
