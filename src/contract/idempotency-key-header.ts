import { idempotencyKey } from './formats.ts';
import { isBlank } from './invisible-characters.ts';
import type { FieldError, Parsed } from './validation.ts';

/** The header that carries an idempotency key where no body does (docs/place-order.md, "Decided"). */
export const KEY_HEADER = 'Idempotency-Key';

const header = idempotencyKey().optional();

/**
 * Checks the header `Idempotency-Key`. Of two headers, neither can be taken for the one that was meant.
 *
 * @param values the header's values, one for each time that it was sent.
 * @returns the key; undefined without a header.
 */
export function parseKeyHeader(values: readonly string[]): Parsed<string | undefined> {
  if (values.length > 1) return refused(`${KEY_HEADER} must be sent once`);
  const result = header.safeParse(values[0]);
  if (result.success) return { ok: true, value: result.data };
  return refused(`${KEY_HEADER} ${result.error.issues[0]?.message ?? ''}`);
}

/** The problem of a body whose key is another than that of the header. */
export function findKeyDifference(bodyKey: unknown, headerKey: string | undefined): FieldError[] {
  if (headerKey === undefined || typeof bodyKey !== 'string' || isBlank(bodyKey)) return [];
  if (bodyKey === headerKey) return [];
  const field = 'idempotencyKey';
  return [{ path: field, field, message: `${field} must equal the header ${KEY_HEADER}` }];
}

function refused(message: string): Parsed<never> {
  return { ok: false, errors: [{ path: KEY_HEADER, field: KEY_HEADER, message }] };
}
