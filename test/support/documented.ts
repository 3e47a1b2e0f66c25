import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

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
  const name = `${strict} ${pointer}`;
  const known = compiled.get(name) ?? compile(pointer, strict);
  compiled.set(name, known);
  return known;
}

const compiled = new Map<string, ValidateFunction>();

function compile(pointer: string, strict: boolean): ValidateFunction {
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

/** An answer, as far as the document speaks of it. */
export interface DocumentedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

/** What in a real answer is not as the document has it: its status, and its body where that is JSON. */
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
