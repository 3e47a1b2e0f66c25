import type { z } from 'zod';
import { ANY_TEXT, BLANK_IS_ABSENT } from '../../contract/fields.ts';

/*
 * Completes zod's translation into JSON Schema. `adjustSchema` marks each schema during the
 * translation; `allowAbsence` writes the marks into the finished document.
 */

type JsonSchema = Record<string, unknown>;

/** Marks an object whose optional fields may be `null`. The finished document has no such mark. */
const NULL_IS_ABSENT = 'x-null-is-absent';

/** Adjusts one schema during its translation; zod-openapi calls it as `override`. */
export function adjustSchema(
  jsonSchema: JsonSchema,
  zodSchema: z.core.$ZodType,
  io: 'input' | 'output',
): void {
  const { def } = zodSchema._zod;
  // Exactly one kind of request matches, because `action` differs. Kinds of responses may overlap.
  if (io === 'input' && def.type === 'union' && jsonSchema['anyOf'] !== undefined) {
    jsonSchema['oneOf'] = jsonSchema['anyOf'];
    delete jsonSchema['anyOf'];
  }
  // Responses may gain fields (docs/place-order.md, "Decided"), so clients must accept fields that they do not know.
  if (io === 'output' && jsonSchema['additionalProperties'] === false) {
    delete jsonSchema['additionalProperties'];
  }
  if (io === 'input' && isRequestObject(zodSchema)) jsonSchema[NULL_IS_ABSENT] = true;
}

/** Whether `object()` of `contract/fields.ts` made the schema; it drops `null` fields before it validates. */
function isRequestObject(zodSchema: z.core.$ZodType): boolean {
  const def = zodSchema._zod.def as Partial<z.core.$ZodPipeDef>;
  return (
    def.type === 'pipe' &&
    def.in?._zod.def.type === 'transform' &&
    def.out?._zod.def.type === 'object'
  );
}

/** The schema of a value that counts as absent. */
const ABSENT = {
  type: ['string', 'null'],
  pattern: '^\\s*$',
  description: '`null` or a blank text: the field counts as absent.',
};
const ABSENT_REF = { $ref: '#/components/schemas/Absent' };

/**
 * Allows `null`, and blank texts where they count as absent, in each optional request field of a finished
 * document (docs/place-order.md, "Values"). Changes the document in place.
 */
export function allowAbsence(document: {
  components?: { schemas?: Record<string, unknown> };
}): void {
  allowAbsenceIn(document);
  const schemas = document.components?.schemas;
  if (schemas !== undefined) schemas['Absent'] = ABSENT;
}

function allowAbsenceIn(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  for (const child of Object.values(node)) allowAbsenceIn(child);
  const schema = node as JsonSchema;
  const withBlanks = schema[BLANK_IS_ABSENT] === true;
  delete schema[BLANK_IS_ABSENT];
  if (schema[NULL_IS_ABSENT] !== true) return;
  delete schema[NULL_IS_ABSENT];
  const properties = schema['properties'] as Record<string, JsonSchema>;
  const required = (schema['required'] ?? []) as string[];
  for (const [name, property] of Object.entries(properties)) {
    if (!required.includes(name)) properties[name] = orAbsent(property, withBlanks);
  }
}

function orAbsent(schema: JsonSchema, withBlanks: boolean): JsonSchema {
  if (isNullable(schema)) return schema;
  const { type, description, ...rest } = schema;
  const named = 'enum' in rest || 'const' in rest;
  const acceptsBlanks = rest['pattern'] === ANY_TEXT && !('minLength' in rest);
  if (typeof type === 'string' && !named && (acceptsBlanks || !withBlanks)) {
    return { ...schema, type: [type, 'null'] };
  }
  const value = type === undefined ? rest : { type, ...rest };
  return {
    ...(description === undefined ? {} : { description }),
    anyOf: [value, withBlanks ? ABSENT_REF : { type: 'null' }],
  };
}

/** Whether the schema already allows `null`, because `null` has a meaning there. */
function isNullable({ anyOf }: JsonSchema): boolean {
  return Array.isArray(anyOf) && anyOf.some((each: JsonSchema) => each['type'] === 'null');
}
