import { CONTRACT, holderOf, type Path, type Row } from '../unit/contract/contract-table.ts';

// What an accepted order must be, written down a second time: none of it comes from the schema that
// accepted it.

const DAY = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?$/;

/** What a value of the field must be, beside being of its type. */
const MUST_BE: Readonly<Record<string, (value: never) => boolean>> = {
  state: (text: string) => /^[A-Z]{2}$/.test(text),
  country: (text: string) => /^[A-Za-z]{2}$/.test(text),
  postalCode: (text: string) => /^[0-9]{5}$/.test(text),
  email: (text: string) => /^[^\s@]+@[^\s@]+$/.test(text),
  phoneNumber: (text: string) => digitsIn(text) >= 7 && digitsIn(text) <= 15,
  refillCount: (count: number) => Number.isSafeInteger(count) && count >= 0,
  supplyDays: (days: number) => Number.isSafeInteger(days) && days >= 1,
  prescriptionItems: (items: unknown[]) => items.length >= 1,
  dateWritten: (text: string) => DAY.test(text),
  dateSigned: (text: string) => DAY.test(text),
  datePrescribed: (text: string) => DAY.test(text),
};

/** The fields of a stored order that break the contract: missing, of another type, or no such value. */
export function brokenRules(order: unknown): string[] {
  const items = (order as { prescriptionItems?: unknown }).prescriptionItems;
  const rows = CONTRACT.filter(({ path }) => path[0] === 'order' && path.length > 1).flatMap(
    (row) => (Array.isArray(items) && row.path.length > 2 ? forEachItem(row, items.length) : [row]),
  );
  return rows.filter((row) => isBroken(row, { order })).map(({ path }) => path.join('.'));
}

/** The table shows the first item's fields; they hold for each. */
function forEachItem(row: Row, items: number): Row[] {
  if (row.path[1] !== 'prescriptionItems') return [row];
  return Array.from({ length: items }, (_, at) => ({
    ...row,
    path: row.path.map((key): Path[number] => (typeof key === 'number' ? at : key)),
  }));
}

function isBroken({ path, required, kind, rule }: Row, body: unknown): boolean {
  const holder = holderOf(body, path);
  const key = path.at(-1);
  // Without its holder a field is not asked for: the holder's own row says whether that is right.
  if (holder === undefined || key === undefined) return false;
  const value = holder[key];
  if (value === undefined || value === null) return required;
  const type = Array.isArray(value) ? 'array' : typeof value;
  if (type !== kind || rule?.refused.includes(value)) return true;
  if (typeof value === 'string' && !isText(value, required)) return true;
  return MUST_BE[key]?.(value as never) === false;
}

function isText(text: string, required: boolean): boolean {
  return !/\p{Surrogate}/u.test(text) && !text.includes('\0') && !(required && text.trim() === '');
}

function digitsIn(text: string): number {
  return text.replace(/\D/g, '').length;
}
