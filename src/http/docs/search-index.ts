import {
  ERROR_CODES,
  ERROR_STATUSES,
  type ErrorEntry,
  WARNING_CODES,
} from '../../contract/error-list.ts';
import {
  END_CODES,
  type ReasonEntry,
  STEP_CODES,
  TIMELINE_CODES,
} from '../../contract/reason-list.ts';
import {
  type ApiDocument,
  entriesOf,
  jsonBody,
  MAX_LEVEL,
  type Operation,
  present,
  resolve,
  type Schema,
  variantName,
} from './api-document.ts';
import { GUIDES } from './layout.tsx';

/** Everything that the search of the documentation finds. `search.js` reads it. */
export interface SearchIndex {
  /** Pages, errors and reasons. `link` is a page, with a fragment where it is a part of one. */
  readonly entries: readonly {
    readonly kind: 'guide' | 'operation' | 'event' | 'error';
    readonly title: string;
    readonly about: string;
    readonly link: string;
  }[];
  /** The fragments of fields by page. The last part of each is the field's name. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

/** The lists of a page, with their codes. */
const CODES: readonly (readonly [
  page: string,
  list: Readonly<Record<string, ErrorEntry | ReasonEntry>>,
])[] = [
  ['errors', ERROR_STATUSES],
  ['errors', ERROR_CODES],
  ['errors', WARNING_CODES],
  ['reasons', STEP_CODES],
  ['reasons', END_CODES],
  ['reasons', TIMELINE_CODES],
];

/** Makes the index from the OpenAPI document and the lists of codes. */
export function searchIndex(api: ApiDocument): SearchIndex {
  const entries = entriesOf(api);
  return {
    entries: [
      ...GUIDES.map(({ slug, title }) => ({
        ...{ kind: 'guide' as const, title, about: '', link: slug },
      })),
      ...entries.map(({ method, path, operation, isWebhook }) => ({
        kind: isWebhook ? ('event' as const) : ('operation' as const),
        title: operation.summary,
        about: isWebhook ? path : `${method.toUpperCase()} ${path}`,
        link: operation.operationId,
      })),
      ...CODES.flatMap(([page, list]) =>
        Object.entries(list).map(([name, { meaning }]) => ({
          kind: 'error' as const,
          title: name,
          about: meaning.replaceAll('`', ''),
          link: `${page}#${name}`,
        })),
      ),
    ],
    fields: Object.fromEntries(
      entries.map(({ operation }) => [operation.operationId, fieldsOf(api, operation)]),
    ),
  };
}

/** The fragments of an operation's fields; of several fields with one name, the first. */
function fieldsOf(api: ApiDocument, operation: Operation): string[] {
  const found = new Map<string, string>();
  const add = (id: string, schema: Schema | undefined) => {
    for (const [name, field] of namesIn(api, schema, id, 0)) {
      if (!found.has(name)) found.set(name, field);
    }
  };
  for (const { name, in: kind } of operation.parameters ?? []) found.set(name, `${kind}.${name}`);
  add('body', jsonBody(operation)?.schema);
  for (const [status, { content }] of Object.entries(operation.responses)) {
    if (status.startsWith('2')) add(`response-${status}`, content?.['application/json']?.schema);
  }
  return [...found].flatMap(([name, id]) => (ENVELOPE.has(name) ? [] : [id]));
}

/** The fields of every answer. */
const ENVELOPE = new Set(['success', 'message', 'data']);

/** Walks a schema as `fields.tsx` does, so that each id is that of an element of the page. */
function namesIn(
  api: ApiDocument,
  sent: Schema | undefined,
  id: string,
  level: number,
): [name: string, id: string][] {
  const schema = present(api, sent);
  if (level > MAX_LEVEL) return [];
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants !== undefined) {
    return variants.flatMap((variant, index) => {
      const shape = resolve(api, variant);
      return namesIn(api, shape, `${id}.${variantName(shape, index)}`, level + 1);
    });
  }
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const field = present(api, property);
    const inner = field.type === 'array' ? resolve(api, field.items) : field;
    return [[name, `${id}.${name}`], ...namesIn(api, inner, `${id}.${name}`, level + 1)];
  });
}
