import { describe, expect, it } from 'vitest';
import { PLACE_ORDER_EXAMPLE } from '../../../src/http/openapi/examples.ts';
import { responsesOf } from '../../../src/http/openapi/responses.ts';
import type { RouteDependencies } from '../../../src/http/route.ts';
import { routes } from '../../../src/http/routes.ts';
import { DOCUMENT, pointerOf, schemaAt } from '../../support/documented.ts';
import { examplePlaceOrder } from '../../support/example.ts';

// Only described, never called.
const TABLE = routes({} as RouteDependencies);

interface Content {
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

/** Every JSON body of the document that has examples, by its pointer. */
function bodiesWithExamples(node: unknown, at: readonly string[] = []): [string, Content][] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, child]: [string, Content]) => {
    const path = [...at, key];
    if (key === 'application/json' && child.examples) return [[pointerOf(...path), child]];
    return bodiesWithExamples(child, path);
  });
}

it('shows the published example as it was published', () => {
  expect(PLACE_ORDER_EXAMPLE).toEqual(examplePlaceOrder());
});

describe.each(TABLE.filter(({ doc }) => doc.listed !== false))('$method $url', (route) => {
  const path = route.url.replace(/:(\w+)/g, '{$1}');

  it('stands in the document with every status that it can answer', () => {
    const operation = DOCUMENT.paths[path]?.[route.method.toLowerCase()];

    expect(Object.keys(operation?.responses ?? {})).toEqual(Object.keys(responsesOf(route)));
    const kinds = [
      '400',
      '500',
      '503',
      ...(route.auth === 'none' ? [] : ['401', '403', '429']),
      ...(route.body === undefined ? [] : ['413', '415']),
    ];
    expect(Object.keys(operation?.responses ?? {})).toEqual(expect.arrayContaining(kinds));
  });
});

it('lists each route once, or as a webhook, or as a part of the page', () => {
  const unlisted = TABLE.filter(({ doc }) => doc.listed === false).map(({ url }) => url);

  expect(unlisted.filter((url) => !url.startsWith('/docs/'))).toEqual([
    '/webhooks/pharmacies/:pharmacyId',
  ]);
  expect(DOCUMENT['webhooks']).toHaveProperty('pharmacyMessage');
});

it.each(bodiesWithExamples(DOCUMENT))('examples of %s keep to its schema', (pointer, content) => {
  const validate = schemaAt(`${pointer}/schema`);

  for (const [name, { value }] of Object.entries(content.examples ?? {})) {
    validate(value);
    expect([name, validate.errors ?? []]).toEqual([name, []]);
  }
});

it.each([
  ['without a field that is required', { action: 'PLACE_ORDER', order: {} }],
  ['with an unknown action', { ...examplePlaceOrder(), action: 'EAT_ORDER' }],
  ['with a required field that is null', { ...examplePlaceOrder(), order: null }],
])('does not describe a body %s', (_, body) => {
  expect(schemaAt('/components/schemas/CaseAction')(body)).toBe(false);
});

it('describes null for an optional field', () => {
  const body = { ...examplePlaceOrder(), idempotencyKey: null };

  expect(schemaAt('/components/schemas/CaseAction')(body)).toBe(true);
});
