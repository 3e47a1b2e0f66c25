import { CONTRACT, holderOf, type Path, type Row } from '../unit/contract/contract-table.ts';

// The rules of an accepted order, implemented a second time, independently of the schema that validates
// requests.

const DAY = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?$/;

/** The rule of a field's value in addition to its type. */
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

/** Returns the fields of a stored order that violate the contract: missing, or with a wrong type or value. */
export function brokenRules(order: unknown): string[] {
  const items = (order as { prescriptionItems?: unknown }).prescriptionItems;
  const rows = CONTRACT.filter(({ path }) => path[0] === 'order' && path.length > 1).flatMap(
    (row) => (Array.isArray(items) && row.path.length > 2 ? forEachItem(row, items.length) : [row]),
  );
  return rows.filter((row) => isBroken(row, { order })).map(({ path }) => path.join('.'));
}

/** The table lists the fields of the first item; they apply to every item. */
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
  // A field is not checked without its parent object; the row of the parent covers that.
  if (holder === undefined || key === undefined) return false;
  const value = holder[key];
  if (value === undefined || value === null) return required;
  const type = Array.isArray(value) ? 'array' : typeof value;
  if (type !== kind || rule?.refused.includes(value)) return true;
  if (typeof value === 'string' && !isText(value, required)) return true;
  return MUST_BE[key]?.(value as never) === false;
}

function isText(text: string, required: boolean): boolean {
  return (
    !/\p{Surrogate}/u.test(text) &&
    !text.includes('\0') &&
    // Legitimate only after letters of other scripts.
    !/[ -~][\u00ad\u200b\u2060\ufeff\u202a-\u202e]/.test(text) &&
    !(required && !/[^\s\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(text))
  );
}

/** The digits of a telephone number, without those of its extension. */
function digitsIn(text: string): number {
  return text.replace(/[x#e;].*$/i, '').replace(/\D/g, '').length;
}
