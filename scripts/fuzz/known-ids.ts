interface Parameter {
  readonly name: string;
  readonly schema: object;
}

interface Operations {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly parameters?: readonly Parameter[] }>>>
  >;
}

/**
 * Adds known values to the schema of each named parameter of the document. Random ids alone never get
 * past a 404.
 */
export function withKnownIds<D extends object>(document: D, known: Record<string, string>): D {
  const copy = structuredClone(document) as D & Operations;
  for (const operation of Object.values(copy.paths).flatMap((item) => Object.values(item))) {
    for (const parameter of (operation.parameters ?? []) as { name: string; schema: object }[]) {
      const value = known[parameter.name];
      if (value === undefined) continue;
      parameter.schema = { anyOf: [{ type: 'string', enum: [value] }, parameter.schema] };
    }
  }
  return copy;
}
