/*
 * The parts of the OpenAPI document that the documentation pages show. The document is parsed from the
 * text that `/openapi.json` serves, so the pages show what clients get.
 */

/** The deepest level of nested fields that a page shows. */
export const MAX_LEVEL = 8;

type Scalar = string | number | boolean;

/** A JSON schema. */
export interface Schema {
  readonly $ref?: string;
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly const?: Scalar;
  readonly enum?: readonly string[];
  readonly example?: Scalar;
  readonly default?: Scalar;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** An example of a body. */
interface Example {
  readonly summary: string;
  readonly value: unknown;
}

/** A body of one media type. */
export interface MediaType {
  readonly schema?: Schema;
  readonly examples?: Readonly<Record<string, Example>>;
}

type Content = Readonly<Record<string, MediaType>>;

/** A parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly example?: Scalar;
  readonly schema: Schema;
}

/** A response of an operation. */
export interface ApiResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Omit<Parameter, 'name' | 'in'>>>;
  readonly content?: Content;
}

/** What clients send to a path, or what the server sends as a webhook. */
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, ApiResponse>>;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** The OpenAPI document. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Paths;
  readonly webhooks: Paths;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** An operation with its place in the document. */
export interface Entry {
  readonly method: string;
  /** The path; of a webhook, its name. */
  readonly path: string;
  readonly operation: Operation;
  readonly isWebhook: boolean;
}

/** Lists the operations of the document, then its webhooks. */
export function entriesOf({ paths, webhooks }: ApiDocument): Entry[] {
  const list = (group: Paths, isWebhook: boolean) =>
    Object.entries(group).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method,
        path,
        operation,
        isWebhook,
      })),
    );
  return [...list(paths, false), ...list(webhooks, true)];
}

/** The body that a request carries as JSON; undefined if it carries none. */
export function jsonBody({ requestBody }: Operation): MediaType | undefined {
  return requestBody?.content['application/json'];
}

/** Follows a `$ref`. Properties next to the `$ref` override those of its target. */
export function resolve(api: ApiDocument, schema: Schema | undefined): Schema {
  if (schema?.$ref === undefined) return schema ?? {};
  const name = schema.$ref.split('/').at(-1) ?? '';
  const { $ref: _, ...siblings } = schema;
  return { title: name, ...api.components.schemas[name], ...siblings };
}

/** Follows a `$ref`, and removes what counts as absent from a schema that allows it. */
export function present(api: ApiDocument, sent: Schema | undefined): Schema {
  const schema = resolve(api, sent);
  const variants = schema.anyOf ?? schema.oneOf;
  const [other, ...more] = (variants ?? []).filter(
    ({ type, $ref }) => type !== 'null' && $ref !== '#/components/schemas/Absent',
  );
  if (other === undefined || more.length > 0 || variants?.length === 1) return schema;
  const { anyOf: _, oneOf: __, ...siblings } = schema;
  return resolve(api, { ...resolve(api, other), ...siblings });
}

/** The name of one variant of a value, such as the action of a request. */
export function variantName({ properties, title }: Schema, index: number): string {
  const action = properties?.['action']?.const ?? properties?.['event']?.const;
  return typeof action === 'string' ? action : (title ?? `Variant ${index + 1}`);
}
