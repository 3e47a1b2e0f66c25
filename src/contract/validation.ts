import type { z } from 'zod';

/** One field that breaks a rule. The texts name the field and the rule, never the value. */
export interface FieldError {
  /** The full path, e.g. `order.prescriptionItems[0].drugId`; `body` for the body itself. */
  readonly path: string;
  /** The last part of the path, e.g. `drugId`. */
  readonly field: string;
  /** The text of the answer, e.g. `drugId is required`. */
  readonly message: string;
}

/** The result of parsing: the value, or every problem in the order of the contract's table. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly [FieldError, ...FieldError[]] };

/**
 * Parses a request body and adds the field's name to each message of the schema.
 *
 * @param schema a schema built with `fields.ts`. Problems are in the order of its fields.
 * @param body any JSON value.
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): Parsed<T> {
  const result = schema.safeParse(body);
  if (result.success) return { ok: true, value: result.data };
  const [first, ...rest] = result.error.issues.map(toFieldError);
  // A failed parse has at least one problem, which the type of zod's list does not express.
  return { ok: false, errors: [first ?? NOT_AN_OBJECT, ...rest] };
}

/**
 * Adds problems that a schema cannot express, because they depend on several fields.
 *
 * @param rows the paths that order the problems. A problem inside a row belongs to it; without a row, it comes
 *   first.
 */
export function withFaults<T>(
  parsed: Parsed<T>,
  faults: readonly FieldError[],
  rows: readonly string[],
): Parsed<T> {
  const isIn = (path: string, row: string) =>
    path.startsWith(row) && /^(?:[.[]|$)/.test(path.slice(row.length));
  const rowOf = ({ path }: FieldError) => rows.findLastIndex((row) => isIn(path, row));
  const [first, ...rest] = [...(parsed.ok ? [] : parsed.errors), ...faults].sort(
    (a, b) => rowOf(a) - rowOf(b),
  );
  return first === undefined ? parsed : { ok: false, errors: [first, ...rest] };
}

/** Whether a JSON value is an object, so that its fields can be read. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const NOT_AN_OBJECT: FieldError = {
  path: 'body',
  field: 'body',
  message: 'body must be a JSON object',
};

function toFieldError({ path, message }: z.core.$ZodIssue): FieldError {
  if (path.length === 0) return NOT_AN_OBJECT;
  const field = joinPath(path.slice(path.findLastIndex((key) => typeof key === 'string')));
  return { path: joinPath(path), field, message: `${field} ${message}` };
}

function joinPath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .slice(1);
}
