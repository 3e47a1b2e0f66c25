import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

type Json = Record<string, unknown>;

interface Documented {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Json }>>>>;
}

/** The committed OpenAPI document; a check verifies that the server serves the same. */
export const DOCUMENT = JSON.parse(
  readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'),
) as Documented & Json;

/**
 * Compiles a schema of the OpenAPI document, which is named by its JSON pointer.
 *
 * @param strict whether fields that no schema names are errors. The published document allows them, so that
 *   clients accept new fields, but the server must not send undocumented ones.
 */
export function schemaAt(pointer: string, strict = false): ValidateFunction {
  const name = `${strict} ${pointer}`;
  const known = compiled.get(name) ?? compile(pointer, strict);
  compiled.set(name, known);
  return known;
}

const compiled = new Map<string, ValidateFunction>();

function compile(pointer: string, strict: boolean): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // ajv does not know this format; the tests of the route check it.
  ajv.addFormat('base64', true);
  const document = strict ? (closed(DOCUMENT) as Json) : DOCUMENT;
  ajv.addSchema(document, 'openapi');
  return ajv.compile({ $ref: `openapi#${pointer}` });
}

/** Returns JSON pointer segments in the form of a `$ref`. */
export function pointerOf(...segments: readonly string[]): string {
  return segments
    .map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
    .join('');
}

/** The parts of an answer that the OpenAPI document describes. */
export interface DocumentedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

/** Returns how a real answer deviates from the OpenAPI document, in its status or its JSON body. */
export function faultsOf(answer: DocumentedAnswer, method: string, path: string): string[] {
  const { status, headers, json } = answer;
  const operation = method.toLowerCase();
  const responses = DOCUMENT.paths[path]?.[operation]?.responses;
  if (responses?.[String(status)] === undefined) return [`${status} is not documented`];
  if (!headers.get('content-type')?.startsWith('application/json')) return [];
  const at = ['paths', path, operation, 'responses', String(status)];
  const validate = schemaAt(pointerOf(...at, 'content', 'application/json', 'schema'), true);
  validate(json);
  return (validate.errors ?? []).map(
    (fault) => `${status}: ${fault.instancePath} ${fault.message}`,
  );
}

/** Returns a copy of a schema that forbids fields which it does not name. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  const isObject = copy['type'] === 'object' && copy['properties'] !== undefined;
  return isObject && copy['additionalProperties'] === undefined
    ? { ...copy, additionalProperties: false }
    : copy;
}
