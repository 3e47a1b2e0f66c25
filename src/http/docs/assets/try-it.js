import { code, h } from './dom.js';

/** The longest response text that the page shows. */
const MAX_CHARACTERS = 200_000;

/** The response headers that the page shows. */
const SHOWN_HEADERS = [
  'location',
  'idempotency-match',
  'idempotency-replayed',
  'retry-after',
  'allow',
];

/** Renders the form that sends an operation's request and shows the response. */
export function tryIt(api, { method, path, operation }) {
  const { operationId: id, parameters = [], requestBody } = operation;
  const inputs = parameters.map((parameter) => ({
    parameter,
    input: inputFor(api, id, parameter),
  }));
  const body = requestBody === undefined ? undefined : bodyInput(id, requestBody);
  const result = h('div', { class: 'outcome', 'aria-live': 'polite' });
  const button = h('button', { type: 'submit' }, 'Send');

  async function send(event) {
    event.preventDefault();
    button.setAttribute('aria-disabled', 'true');
    result.replaceChildren(h('p', { class: 'muted' }, 'Sending …'));
    const request = requestOf(method, path, inputs, body?.text.value, operation.security);
    result.replaceChildren(...(await outcome(request)));
    button.removeAttribute('aria-disabled');
  }

  return h(
    'form',
    { class: 'trying', onsubmit: send, 'aria-label': `Try: ${operation.summary}` },
    h('h4', {}, 'Try it'),
    inputs.map(({ parameter: { name, in: place }, input }) =>
      h('div', { class: 'row' }, h('label', { for: input.id }, name, h('small', {}, place)), input),
    ),
    body?.nodes,
    button,
    result,
  );
}

function inputFor(api, id, { name, in: place, schema, required, example }) {
  const attributes = { id: `${id}-${place}-${name}`, name, required, autocomplete: 'off' };
  const values = schema.enum ?? api.components.schemas[schema.$ref?.split('/').at(-1)]?.enum;
  const choices = values ?? (schema.const === undefined ? undefined : [schema.const]);
  if (choices !== undefined) {
    const options = choices.map((value) => h('option', { value }, value));
    return h('select', attributes, !required && h('option', { value: '' }, '—'), options);
  }
  const shown = example ?? schema.example;
  // The sandbox always has this case. The reader fills in other ids.
  const value = name === 'caseId' ? shown : undefined;
  return h('input', {
    ...attributes,
    type: 'text',
    value,
    placeholder: shown,
    spellcheck: 'false',
  });
}

function bodyInput(id, { content }) {
  const examples = Object.entries(content['application/json'].examples ?? {});
  const text = h('textarea', { id: `${id}-body`, rows: '16', spellcheck: 'false' });
  const show = (name) => {
    const [, example] = examples.find(([key]) => key === name) ?? [];
    text.value = JSON.stringify(example?.value ?? {}, null, 2);
  };
  show(examples[0]?.[0]);
  const choice = h(
    'select',
    { id: `${id}-example`, onchange: (event) => show(event.target.value) },
    examples.map(([name, { summary }]) => h('option', { value: name }, summary)),
  );
  const nodes = [
    examples.length > 1 &&
      h('div', { class: 'row' }, h('label', { for: choice.id }, 'Example'), choice),
    h('div', { class: 'row wide' }, h('label', { for: text.id }, 'Body'), text),
  ];
  return { text, nodes };
}

function requestOf(method, pattern, inputs, body, security) {
  const headers = new Headers();
  const query = new URLSearchParams();
  let path = pattern;
  for (const { parameter, input } of inputs) {
    const value = input.value;
    if (parameter.in === 'path') {
      path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    } else if (value !== '') {
      if (parameter.in === 'query') query.set(parameter.name, value);
      else headers.set(parameter.name, value);
    }
  }
  const key = document.getElementById('api-key').value;
  if (security?.length > 0 && key !== '') headers.set('cv-api-key', key);
  if (body !== undefined) headers.set('content-type', 'application/json');
  const url = new URL(path.slice(1) + (query.size > 0 ? `?${query}` : ''), document.baseURI);
  return { url, init: { method: method.toUpperCase(), headers, body, cache: 'no-store' } };
}

async function outcome({ url, init }) {
  const since = performance.now();
  try {
    const response = await fetch(url, init);
    const shown = await shownBody(response);
    const ms = Math.round(performance.now() - since);
    const shownHeaders = SHOWN_HEADERS.filter((name) => response.headers.has(name));
    return [
      h(
        'p',
        { class: 'result' },
        h('span', { class: `status s${String(response.status)[0]}` }, response.status),
        h('span', { class: 'muted' }, `${ms} ms · ${init.method} ${url.pathname}`),
      ),
      shownHeaders.length > 0 &&
        code(
          shownHeaders.map((name) => `${name}: ${response.headers.get(name)}`).join('\n'),
          'Headers',
        ),
      shown,
    ].filter(Boolean);
  } catch {
    return [
      h(
        'p',
        { class: 'notice' },
        'No response. Check that the server is running and that all fields are valid.',
      ),
    ];
  }
}

async function shownBody(response) {
  const type = response.headers.get('content-type') ?? '';
  if (!/^(text\/|application\/json)/.test(type)) {
    const { size } = await response.blob();
    return h('p', { class: 'muted' }, `${size} bytes${type && ` of ${type}`}`);
  }
  const text = await response.text();
  return code(indented(text, type).slice(0, MAX_CHARACTERS), 'Response');
}

function indented(text, type) {
  return type.startsWith('application/json') ? JSON.stringify(JSON.parse(text), null, 2) : text;
}
