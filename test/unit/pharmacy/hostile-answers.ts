import fc from 'fast-check';

/** What Postgres cannot store in a text or in JSON. */
export const NOT_STORABLE = /[\0\p{Surrogate}]/u;

/** Texts that are hard to store, to shorten, or to use in a path. */
export const hostileText = fc
  .array(
    fc.constantFrom('a', ' ', '\0', '\ud800', '\udc00', '😀', 'é', "'", '\\', '/', '..', '\n', '?'),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

/** Any JSON value, often with the names of fields that the gateways read. */
export const anyAnswer = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom<unknown>(null, true, '', 0, -1, 1.5, 'completed', 'ph-1', '7', 'a'.repeat(64)),
    hostileText,
    fc.double(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom(
        ...['id', 'reference', 'status', 'reason', 'documents', 'name', 'contentType', 'size'],
        ...['sha256', 'url', 'trackingId', 'carrier', 'trackingUrl', 'order', 'orders', 'data'],
        ...['items', 'results', 'withdrawn', '__proto__', 'constructor'],
      ),
      tie('value'),
      { maxKeys: 8, noNullPrototype: true },
    ),
  ),
})).value;
