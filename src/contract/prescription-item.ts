import { z } from 'zod';
import { hasFiniteNumbersOnly, jsonDepthExceeds } from './canonical-json.ts';
import {
  foreignObject,
  integer,
  MOST_CHARACTERS_OF_PROSE,
  object,
  requiredText,
  text,
} from './fields.ts';
import { jsonFaultsOf } from './json-faults.ts';

/** Deeper JSON overflows the stack of serializers and parsers, including that of Postgres. */
const MAX_CUSTOM_DEPTH = 64;

/** One drug of a prescription (docs/place-order.md, "Request"). */
export const prescriptionItem = object({
  drugId: requiredText().meta({ description: 'The pharmacy’s id of the drug.' }),
  direction: z.exactOptional(text(MOST_CHARACTERS_OF_PROSE)).meta({
    description: 'Dosage instructions.',
    example: 'Take 1 tablet daily with food',
  }),
  quantity: requiredText().meta({ description: 'The quantity, as text.', example: '30' }),
  refillCount: z.exactOptional(integer(0)).meta({ description: 'The number of refills.' }),
  supplyDays: z.exactOptional(integer(1)).meta({ description: 'The days of supply.' }),
  customFields: z
    .exactOptional(
      foreignObject(
        {
          accepts: (value) => !jsonDepthExceeds(value, MAX_CUSTOM_DEPTH),
          rule: `must not be nested deeper than ${MAX_CUSTOM_DEPTH} levels`,
        },
        { accepts: hasFiniteNumbersOnly, rule: 'must contain only finite numbers' },
        {
          accepts: (value) => jsonFaultsOf(value)?.rounded !== true,
          rule: 'must contain only numbers that a double represents exactly; send others as strings',
        },
        {
          accepts: (value) => jsonFaultsOf(value)?.repeatedKey === undefined,
          rule: (value) =>
            `must not contain the key ${quoted(jsonFaultsOf(value)?.repeatedKey)} twice`,
        },
      ),
    )
    .meta({
      description:
        'Key-value pairs that are passed on to the pharmacy unchanged. A number that would be rounded is refused, and so is a key that occurs twice in one object.',
    }),
}).meta({ id: 'PrescriptionItem', description: 'One drug of a prescription.' });

/** Maximum characters of a key that an error repeats: the client may choose a key of a megabyte. */
const MOST_CHARACTERS_OF_KEY = 100;

function quoted(key = ''): string {
  // Twice the length, because a character may take two units.
  const characters = Array.from(key.slice(0, 2 * MOST_CHARACTERS_OF_KEY + 1));
  const isLong = characters.length > MOST_CHARACTERS_OF_KEY;
  const start = characters.slice(0, MOST_CHARACTERS_OF_KEY).join('');
  return JSON.stringify(isLong ? `${start}…` : start);
}

/** One drug of a prescription. */
export type PrescriptionItem = z.output<typeof prescriptionItem>;
