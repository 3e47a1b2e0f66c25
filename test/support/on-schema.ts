import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import type { Answer } from './door.ts';

type Json = Record<string, unknown>;

interface Documented {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Json }>>>>;
}

/** The committed document; a check holds it equal to what the server serves. */
export const DOCUMENT = JSON.parse(
  readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'),
) as Documented & Json;

/**
 * Compiles a schema of the document, by its JSON pointer.
 *
 * @param strict fields that no schema names are faults. The published document allows them, so that
 *   clients do not refuse what is added; our own answers have no business with them.
 */
export function schemaAt(pointer: string, strict = false): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // Not among ajv's formats; what it says is held by the tests of the read itself.
  ajv.addFormat('base64', true);
  const document = strict ? (closed(DOCUMENT) as Json) : DOCUMENT;
  ajv.addSchema(document, 'openapi');
  return ajv.compile({ $ref: `openapi#${pointer}` });
}

/** JSON pointer segments, in the form that stands in a `$ref`. */
export function pointerOf(...segments: readonly string[]): string {
  return segments
    .map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
    .join('');
}

/** Holds a real answer against the document: its status, and its body where that is JSON. */
export function expectOnSchema(answer: Answer, method: string, path: string): void {
  const { status, headers, json } = answer;
  const responses = DOCUMENT.paths[path]?.[method.toLowerCase()]?.responses;
  expect(Object.keys(responses ?? {}), `${method} ${path}`).toContain(String(status));
  if (!headers.get('content-type')?.startsWith('application/json')) return;
  const validate = schemaAt(
    pointerOf(
      'paths',
      path,
      method.toLowerCase(),
      'responses',
      String(status),
      'content',
      'application/json',
      'schema',
    ),
    true,
  );
  validate(json);
  expect(validate.errors ?? [], `${method} ${path} ${status}`).toEqual([]);
}

/** A copy in which an object has only the fields that its schema names. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  const isObject = copy['type'] === 'object' && copy['properties'] !== undefined;
  return isObject && copy['additionalProperties'] === undefined
    ? { ...copy, additionalProperties: false }
    : copy;
}
