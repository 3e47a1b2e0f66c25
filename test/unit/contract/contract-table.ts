import type { PlaceOrderRequest } from '../../../src/contract/place-order.ts';
import { examplePlaceOrder } from '../../support/example.ts';

/*
 * The contract's table, written down a second time and by hand: it must not be derived from the
 * schema that it checks.
 */

/** Where a value is in a body. */
export type Path = readonly (string | number)[];

/** One field of the contract. */
export interface Row {
  readonly path: Path;
  readonly required: boolean;
  readonly kind: 'string' | 'number' | 'object' | 'array';
  /** Values of the right type that break the field's rule, and the words for it. */
  readonly rule?: { readonly message: string; readonly refused: readonly unknown[] };
}

const UNREAL_DAYS = ['2023-02-29', '2024-13-01', '15/01/2024', 'yesterday'];
const DATE_RULE = {
  message: 'must be an ISO 8601 date that exists in the calendar',
  refused: UNREAL_DAYS,
};

function addressRows(path: Path, required: boolean): Row[] {
  return [
    { path, required, kind: 'object' },
    { path: [...path, 'addressLine1'], required: true, kind: 'string' },
    { path: [...path, 'addressLine2'], required: false, kind: 'string' },
    { path: [...path, 'city'], required: true, kind: 'string' },
    {
      path: [...path, 'state'],
      required: true,
      kind: 'string',
      rule: {
        message: 'must be a valid US state abbreviation',
        refused: ['ca', 'XX', 'California', 'CA ', 'CA\n'],
      },
    },
    {
      path: [...path, 'country'],
      required: true,
      kind: 'string',
      rule: { message: 'must be exactly 2 letters', refused: ['U', 'USA', 'U1', 'ßß', 'US\n'] },
    },
    {
      path: [...path, 'postalCode'],
      required: true,
      kind: 'string',
      rule: {
        message: 'must be exactly 5 digits',
        refused: ['9410', '941055', '94105-1234', '9410a', '٩٤١٠٥', '94105\n', ' 94105'],
      },
    },
  ];
}

const ITEM: Path = ['order', 'prescriptionItems', 0];

/** Every field of the contract, in the order of its table. */
export const CONTRACT: readonly Row[] = [
  {
    path: ['action'],
    required: true,
    kind: 'string',
    rule: {
      message: 'must be one of PLACE_ORDER, VALIDATE_ORDER, CANCEL_ORDER',
      refused: ['place_order', 'CANCEL', ' PLACE_ORDER'],
    },
  },
  {
    path: ['idempotencyKey'],
    required: false,
    kind: 'string',
    rule: {
      message: 'must be 1 to 255 printable ASCII characters',
      refused: ['x'.repeat(256), 'a\tb', 'key\n', 'schlüssel', '\x7f'],
    },
  },
  { path: ['order'], required: true, kind: 'object' },
  ...addressRows(['order', 'shippingAddress'], false),
  { path: ['order', 'patientHealthInfo'], required: false, kind: 'object' },
  { path: ['order', 'patientHealthInfo', 'allergies'], required: false, kind: 'string' },
  { path: ['order', 'patientHealthInfo', 'healthConditions'], required: false, kind: 'string' },
  { path: ['order', 'patientHealthInfo', 'currentMedications'], required: false, kind: 'string' },
  { path: ['order', 'prescriber'], required: true, kind: 'object' },
  { path: ['order', 'prescriber', 'firstName'], required: true, kind: 'string' },
  { path: ['order', 'prescriber', 'lastName'], required: true, kind: 'string' },
  { path: ['order', 'prescriber', 'title'], required: false, kind: 'string' },
  { path: ['order', 'prescriber', 'titleSuffix'], required: false, kind: 'string' },
  { path: ['order', 'prescriber', 'npi'], required: true, kind: 'string' },
  { path: ['order', 'prescriber', 'dea'], required: false, kind: 'string' },
  {
    path: ['order', 'prescriber', 'email'],
    required: true,
    kind: 'string',
    rule: {
      message: 'must be a valid email address',
      refused: ['john.smith', 'john@', '@example.com', 'john smith@example.com', 'a@b@example.com'],
    },
  },
  {
    path: ['order', 'prescriber', 'phoneNumber'],
    required: true,
    kind: 'string',
    rule: {
      message: 'must be a valid phone number',
      refused: ['123456', '1234567890123456', '555-CALL-NOW', '1+234567890', '++1234567890', '+'],
    },
  },
  ...addressRows(['order', 'prescriber', 'address'], true),
  { path: ['order', 'diagnosis'], required: true, kind: 'string' },
  { path: ['order', 'pharmacyId'], required: true, kind: 'string' },
  { path: ['order', 'dateWritten'], required: false, kind: 'string', rule: DATE_RULE },
  { path: ['order', 'dateSigned'], required: false, kind: 'string', rule: DATE_RULE },
  { path: ['order', 'datePrescribed'], required: false, kind: 'string', rule: DATE_RULE },
  {
    path: ['order', 'prescriptionItems'],
    required: true,
    kind: 'array',
    rule: { message: 'must contain at least one item', refused: [[]] },
  },
  { path: ITEM, required: true, kind: 'object' },
  { path: [...ITEM, 'drugId'], required: true, kind: 'string' },
  { path: [...ITEM, 'direction'], required: false, kind: 'string' },
  { path: [...ITEM, 'quantity'], required: true, kind: 'string' },
  {
    path: [...ITEM, 'refillCount'],
    required: false,
    kind: 'number',
    rule: {
      message: 'must be an integer of 0 or more',
      refused: [-1, 0.5, 1e999, -1e999, Number.NaN, 2 ** 53],
    },
  },
  {
    path: [...ITEM, 'supplyDays'],
    required: false,
    kind: 'number',
    rule: { message: 'must be an integer of 1 or more', refused: [0, -0, -1, 29.5, 1e999] },
  },
  { path: [...ITEM, 'customFields'], required: false, kind: 'object' },
];

const ARTICLE = { string: 'a string', number: 'a number', object: 'an object', array: 'an array' };
const OF_EACH_KIND = [true, 7, '7', {}, ['x']];

/** Texts that show nothing. */
export const BLANKS = ['', ' \t\n\u00a0', '\u200b', '\u2060 \ufeff', '\u3164', '\u00ad\u202e'];

/** One way to break a field: the value to put there and the message that must follow. */
export interface Breakage {
  readonly row: Row;
  /** `undefined` takes the field out. */
  readonly value: unknown;
  readonly message: string;
}

/** Every way to break a field that the contract knows. */
export function breakagesOf(row: Row): Breakage[] {
  const { kind, required, rule } = row;
  const wrongKinds = OF_EACH_KIND.filter((value) => kindOf(value) !== kind);
  const missing = kind === 'string' ? [undefined, null, ...BLANKS] : [undefined, null];
  const cases: [values: readonly unknown[], words: string][] = [
    [wrongKinds, `must be ${ARTICLE[kind]}`],
    [rule?.refused ?? [], rule?.message ?? ''],
  ];
  if (required) cases.push([isItem(row) ? [null] : missing, 'is required']);
  if (kind === 'string') {
    cases.push([['a\0b'], 'must not contain the NUL character']);
    cases.push([['a\ud800b', '\udc00'], 'must be well-formed Unicode text']);
    if (fieldName(row.path) !== 'idempotencyKey') {
      cases.push([['a\u200bb'], 'must not contain U+200B ZERO WIDTH SPACE']);
    }
  }
  return cases.flatMap(([values, words]) =>
    values.map((value) => ({ row, value, message: `${fieldName(row.path)} ${words}` })),
  );
}

/** An item that is taken out leaves an empty list, which is another row's rule. */
function isItem(row: Row): boolean {
  return typeof row.path.at(-1) === 'number';
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

/** A path as errors show it. */
export function pathText(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .slice(1);
}

/** The leaf of a path, as messages show it. */
export function fieldName(path: Path): string {
  return pathText(path).split('.').at(-1) ?? '';
}

/** A valid request with every field of the contract. */
export function fullRequest(): PlaceOrderRequest {
  const request = examplePlaceOrder();
  const { order } = request;
  order.dateSigned = '2024-01-15T10:30:00Z';
  order.datePrescribed = '2024-01-15';
  order.prescriber.dea = 'AS1234563';
  order.prescriber.address.addressLine2 = 'Suite 5';
  order.shippingAddress = { ...order.prescriber.address, addressLine2: 'Floor 2' };
  order.prescriptionItems[0]!.customFields = { source: 'portal', flags: [1, null, { a: true }] };
  return request;
}

/** The object that holds a path's last key; undefined where the body has none. */
export function holderOf(body: unknown, path: Path): Record<string | number, unknown> | undefined {
  let holder: unknown = body;
  for (const key of path.slice(0, -1)) {
    if (typeof holder !== 'object' || holder === null) return undefined;
    holder = (holder as Record<string | number, unknown>)[key];
  }
  return typeof holder === 'object' && holder !== null
    ? (holder as Record<string | number, unknown>)
    : undefined;
}

/** Puts a value into a copy of a body; `undefined` takes the field out. */
export function withValue(body: unknown, path: Path, value: unknown): unknown {
  const copy: unknown = structuredClone(body);
  const holder = holderOf(copy, path);
  const key = path.at(-1);
  if (holder === undefined || key === undefined) throw new Error(`no place for ${pathText(path)}`);
  if (value === undefined) delete holder[key];
  else holder[key] = value;
  return copy;
}
