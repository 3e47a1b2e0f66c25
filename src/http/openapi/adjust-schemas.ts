import type { z } from 'zod';

/*
 * Completes zod's translation into JSON Schema. `adjustSchema` marks each schema during the
 * translation; `allowNulls` writes the marks into the finished document.
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

/**
 * Allows `null` in each optional request field of a finished document (docs/place-order.md,
 * "Values"). Changes the document in place.
 */
export function allowNulls(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  for (const child of Object.values(node)) allowNulls(child);
  const schema = node as JsonSchema;
  if (schema[NULL_IS_ABSENT] !== true) return;
  delete schema[NULL_IS_ABSENT];
  const properties = schema['properties'] as Record<string, JsonSchema>;
  const required = (schema['required'] ?? []) as string[];
  for (const [name, property] of Object.entries(properties)) {
    if (!required.includes(name)) properties[name] = orNull(property);
  }
}

function orNull(schema: JsonSchema): JsonSchema {
  if (isNullable(schema)) return schema;
  const { type, description, ...rest } = schema;
  if (typeof type === 'string' && !('enum' in rest) && !('const' in rest)) {
    return { ...schema, type: [type, 'null'] };
  }
  const value = type === undefined ? rest : { type, ...rest };
  return {
    ...(description === undefined ? {} : { description }),
    anyOf: [value, { type: 'null' }],
  };
}

/** Whether the schema already allows `null`, because `null` has a meaning there. */
function isNullable({ anyOf }: JsonSchema): boolean {
  return Array.isArray(anyOf) && anyOf.some((each: JsonSchema) => each['type'] === 'null');
}
