import fc from 'fast-check';
import { CONTRACT, holderOf, withValue } from '../unit/contract/contract-table.ts';
import { exampleText } from './example.ts';
import { validOrder } from './place-order-arbitrary.ts';

/** Bodies of `PLACE_ORDER` that an OpenAPI document cannot describe, as bytes. */
export function hostileBodies(): fc.Arbitrary<Buffer> {
  // Without an idempotency key, because only the first accepted body of a key would be processed.
  const text = exampleText().replace(/\n *"idempotencyKey": "[^"]*",/, '');
  const bytes = Buffer.from(text);
  const cut = fc.nat(bytes.length - 1).map((end) => bytes.subarray(0, end));
  const raw = fc.uint8Array({ maxLength: 300 }).map((part) => Buffer.from(part));
  const halfUtf8 = fc
    .tuple(fc.nat(bytes.length), fc.constantFrom(0xc3, 0xe2, 0xf0, 0xff, 0x80, 0))
    .map(([at, byte]) =>
      Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)]),
    );
  const duplicate = fc
    .tuple(fc.constantFrom('action', 'order', '__proto__', 'idempotencyKey'), fc.json())
    .map(([key, value]) => Buffer.from(text.replace('{', `{${JSON.stringify(key)}:${value},`)));
  const number = fc
    .constantFrom('1e999', '-0', '1e-400', '9007199254740993', '0.1e1', '01', 'NaN', '1.')
    .map((digits) => Buffer.from(text.replace(/:\s*\d+(\.\d+)?/, `:${digits}`)));
  const changes = fc.array(
    fc.tuple(fc.constantFrom(...CONTRACT), fc.option(fc.jsonValue(), { nil: undefined })),
    { maxLength: 2 },
  );
  const order = fc.oneof(fc.constant(JSON.parse(text).order as object), validOrder());
  const mutated = fc.tuple(order, changes).map(([order, changes]) => {
    const { pharmacyId } = JSON.parse(text).order as { pharmacyId: string };
    let body: unknown = { action: 'PLACE_ORDER', order: { ...order, pharmacyId } };
    for (const [row, value] of changes.toSorted((a, b) => b[0].path.length - a[0].path.length)) {
      // Outer fields last, because the fields inside a removed object can no longer be set.
      if (holderOf(body, row.path)) body = withValue(body, row.path, value);
    }
    return Buffer.from(JSON.stringify(body) ?? '');
  });
  return fc.oneof(cut, raw, halfUtf8, duplicate, number, { arbitrary: mutated, weight: 5 });
}
