import { expect } from 'vitest';
import { openedOrder } from './sealed-rows.ts';
import { type Answer, exampleWithoutKey, type TestApi } from './test-api.ts';

/* Orders as JSON text that `JSON.stringify` would not produce, and how they are stored. */

/** The path of the example's only item. */
export const ITEM = 'order.prescriptionItems.0';

/** The path of the item's `customFields`. */
export const CUSTOM_FIELDS = `${ITEM}.customFields`;

/** Returns the published example with the value at a path replaced by this JSON text. */
export function withValue(path: string, json: string, body: object = exampleWithoutKey()): string {
  const keys = path.split('.');
  const leaf = keys.pop()!;
  valueAt(body, keys)[leaf] = 'HERE';
  return JSON.stringify(body).replace('"HERE"', () => json);
}

/** Returns the published example with this JSON text as an additional first field of an object. */
export function withField(path: string, field: string): string {
  const body = exampleWithoutKey();
  if (path === '') return JSON.stringify(body).replace('{', `{${field},`);
  const holder = JSON.stringify(valueAt(body, path.split('.')));
  return withValue(path, holder.replace('{', `{${field},`), body);
}

function valueAt(body: object, keys: readonly string[]): Record<string, unknown> {
  return keys.reduce(
    (part, key) => part[key] as Record<string, unknown>,
    body as Record<string, unknown>,
  );
}

/** Returns the stored JSON text of an accepted order's prescription. */
export async function storedText(api: TestApi, { status, json }: Answer): Promise<string> {
  expect(status).toBe(200);
  const { prescription } = await openedOrder(api.database, json.data.order.id as string);
  return JSON.stringify(prescription);
}

/** Asserts that an order is rejected with 400 for one error, and not stored. */
export async function expectRefusal(
  api: TestApi,
  body: string | Buffer,
  path: string,
  message: string,
): Promise<void> {
  const before = await api.count('orders');
  const answer = await api.place(body);

  expect(answer.status).toBe(400);
  expect(answer.json).toEqual({
    status: 400,
    success: false,
    message: 'Invalid request',
    error: message,
    errors: [{ path, message }],
  });
  expect(await api.count('orders')).toBe(before);
}
