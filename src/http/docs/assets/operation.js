import { code, h, line, prose } from './dom.js';
import { field, fields } from './schema.js';
import { tryIt } from './try-it.js';

const PLACES = { path: 'Path', query: 'Query', header: 'Headers' };

/** Renders an HTTP method in its colour. */
export function badge(method) {
  return h('span', { class: `method ${method}` }, method.toUpperCase());
}

/**
 * Renders one operation: its request, its responses and, next to them, a form to try it.
 *
 * @param {object} api the OpenAPI document.
 * @param {{ method: string, path: string, operation: object, isWebhook: boolean }} entry
 */
export function operationSection(api, { method, path, operation, isWebhook }) {
  const title = `${operation.operationId}-title`;
  return h(
    'section',
    { class: 'operation', id: operation.operationId, 'aria-labelledby': title },
    h(
      'div',
      { class: 'reading' },
      h('h3', { id: title }, operation.summary),
      h('p', { class: 'path' }, badge(isWebhook ? 'event' : method), h('code', {}, path)),
      prose(operation.description),
      parameters(api, operation.parameters ?? []),
      requestBody(api, operation.requestBody),
      responseList(api, operation.responses),
    ),
    isWebhook ? sample(operation) : tryIt(api, { method, path, operation }),
  );
}

function parameters(api, list) {
  return Object.entries(PLACES).map(([place, title]) => {
    const here = list.filter((parameter) => parameter.in === place);
    if (here.length === 0) return undefined;
    return h(
      'div',
      { class: 'part' },
      h('h4', {}, title),
      h(
        'ul',
        { class: 'fields' },
        here.map(({ name, schema, required, description }) =>
          field(api, name, schema, { required, description }),
        ),
      ),
    );
  });
}

function requestBody(api, body) {
  const schema = body?.content?.['application/json']?.schema;
  if (schema === undefined) return undefined;
  return h('div', { class: 'part' }, h('h4', {}, 'Body'), fields(api, schema));
}

function responseList(api, responses) {
  return h(
    'div',
    { class: 'part' },
    h('h4', {}, 'Responses'),
    Object.entries(responses).map(([status, response]) =>
      h(
        'details',
        { class: 'response' },
        h(
          'summary',
          {},
          h('span', { class: `status s${status[0]}` }, status),
          ' ',
          h('span', { class: 'meaning' }, line(response.description)),
        ),
        headers(api, response.headers),
        content(api, status, response.content),
      ),
    ),
  );
}

function headers(api, named) {
  if (named === undefined) return undefined;
  return h(
    'ul',
    { class: 'fields' },
    Object.entries(named).map(([name, { schema, required, description }]) =>
      field(api, name, schema, { required, description }),
    ),
  );
}

function content(api, status, types) {
  const [type, body] = Object.entries(types ?? {})[0] ?? [];
  if (type === undefined) return h('p', { class: 'about' }, 'No body.');
  if (type !== 'application/json') return h('p', { class: 'about' }, h('code', {}, type));
  return [...examples(body, `Example of ${status}`), fields(api, body.schema)];
}

function examples(body, label) {
  return Object.values(body.examples ?? {}).map(({ summary, value }) =>
    h('figure', {}, h('figcaption', {}, summary), code(pretty(value), `${label}: ${summary}`)),
  );
}

/** Renders the example of a webhook. Clients do not send webhooks, so there is no form. */
function sample({ operationId, requestBody: body }) {
  return h(
    'div',
    { class: 'trying' },
    h('h4', {}, 'Example'),
    examples(body.content['application/json'], operationId),
  );
}

function pretty(value) {
  return JSON.stringify(value, null, 2);
}
