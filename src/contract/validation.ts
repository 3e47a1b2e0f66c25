import type { z } from 'zod';

/** One field that breaks a rule. Its texts name the field and the rule, never the value. */
export interface FieldError {
  /** From the body's top, e.g. `order.prescriptionItems[0].drugId`; `body` for the body itself. */
  readonly path: string;
  /** The leaf of the path, e.g. `drugId`. */
  readonly field: string;
  /** What the answer shows, e.g. `drugId is required`. */
  readonly message: string;
}

/** What parsing gives: the value, or every problem in the order of the contract's table. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly [FieldError, ...FieldError[]] };

/**
 * Parses a request body by a schema whose messages leave the field's name out.
 *
 * @param schema built of `fields.ts`; problems come in its order.
 * @param body any JSON value.
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): Parsed<T> {
  const result = schema.safeParse(body);
  if (result.success) return { ok: true, value: result.data };
  const [first, ...rest] = result.error.issues.map(toFieldError);
  // A failed parse has a problem; the type of zod's list doesn't say so.
  return { ok: false, errors: [first ?? NOT_AN_OBJECT, ...rest] };
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
