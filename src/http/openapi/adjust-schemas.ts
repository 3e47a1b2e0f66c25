import type { z } from 'zod';

/*
 * What zod's own translation into JSON Schema leaves out: it is marked while each schema is
 * translated, and written once all are.
 */

type JsonSchema = Record<string, unknown>;

/** Marks an object whose optional fields may be `null`; never in the finished document. */
const NULL_IS_ABSENT = 'x-null-is-absent';

/** For zod-openapi's `override`: adjusts one schema as it is translated. */
export function adjustSchema(
  jsonSchema: JsonSchema,
  zodSchema: z.core.$ZodType,
  io: 'input' | 'output',
): void {
  const { def } = zodSchema._zod;
  // What is sent to us is told apart by `action`; the kinds of an answer may overlap.
  if (io === 'input' && def.type === 'union' && jsonSchema['anyOf'] !== undefined) {
    jsonSchema['oneOf'] = jsonSchema['anyOf'];
    delete jsonSchema['anyOf'];
  }
  // Bodies of answers may gain fields (place-order.md): clients must not refuse what they don't know.
  if (io === 'output' && jsonSchema['additionalProperties'] === false) {
    delete jsonSchema['additionalProperties'];
  }
  if (io === 'input' && isRequestObject(zodSchema)) jsonSchema[NULL_IS_ABSENT] = true;
}

/** An object made by `object()` of `contract/fields.ts`, which drops what is `null` before it checks. */
function isRequestObject(zodSchema: z.core.$ZodType): boolean {
  const def = zodSchema._zod.def as Partial<z.core.$ZodPipeDef>;
  return (
    def.type === 'pipe' &&
    def.in?._zod.def.type === 'transform' &&
    def.out?._zod.def.type === 'object'
  );
}

/**
 * Writes into a finished document that an optional field of a request may be `null`
 * (place-order.md, "missing values").
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

/** Whether `null` says something there, and so stands in the schema already. */
function isNullable({ anyOf }: JsonSchema): boolean {
  return Array.isArray(anyOf) && anyOf.some((each: JsonSchema) => each['type'] === 'null');
}
