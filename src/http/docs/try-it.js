import { code, h } from './dom.js';

/** Longest text that is shown of an answer. */
const MOST_CHARACTERS = 200_000;

/** Answer headers that say something to a reader. */
const HEADERS = ['location', 'idempotency-match', 'idempotency-replayed', 'retry-after', 'allow'];

/** The form that sends one operation's request, and its answer. */
export function tryIt(api, { method, path, operation }) {
  const { operationId: id, parameters = [], requestBody } = operation;
  const inputs = parameters.map((parameter) => ({
    parameter,
    input: inputFor(api, id, parameter),
  }));
  const body = requestBody === undefined ? undefined : bodyInput(id, requestBody);
  const answer = h('div', { class: 'outcome', 'aria-live': 'polite' });
  const button = h('button', { type: 'submit' }, 'Send');

  async function send(event) {
    event.preventDefault();
    button.setAttribute('aria-disabled', 'true');
    answer.replaceChildren(h('p', { class: 'muted' }, 'Sending …'));
    const request = requestOf(method, path, inputs, body?.text.value, operation.security);
    answer.replaceChildren(...(await outcome(request)));
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
    answer,
  );
}

function inputFor(api, id, { name, in: place, schema, required, example }) {
  const attributes = { id: `${id}-${place}-${name}`, name, required, autocomplete: 'off' };
  const words = schema.enum ?? api.components.schemas[schema.$ref?.split('/').at(-1)]?.enum;
  const choices = words ?? (schema.const === undefined ? undefined : [schema.const]);
  if (choices !== undefined) {
    const options = choices.map((word) => h('option', { value: word }, word));
    return h('select', attributes, !required && h('option', { value: '' }, '—'), options);
  }
  const shown = example ?? schema.example;
  // Only the sandbox's case is known beforehand; an order's id is the reader's to fill in.
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
    const told = HEADERS.filter((name) => response.headers.has(name));
    return [
      h(
        'p',
        { class: 'result' },
        h('span', { class: `status s${String(response.status)[0]}` }, response.status),
        h('span', { class: 'muted' }, `${ms} ms · ${init.method} ${url.pathname}`),
      ),
      told.length > 0 &&
        code(told.map((name) => `${name}: ${response.headers.get(name)}`).join('\n'), 'Headers'),
      shown,
    ].filter(Boolean);
  } catch {
    return [h('p', { class: 'notice' }, 'No answer: is the server up, and are all fields valid?')];
  }
}

async function shownBody(response) {
  const type = response.headers.get('content-type') ?? '';
  if (!/^(text\/|application\/json)/.test(type)) {
    const { size } = await response.blob();
    return h('p', { class: 'muted' }, `${size} bytes${type && ` of ${type}`}`);
  }
  const text = await response.text();
  return code(indented(text, type).slice(0, MOST_CHARACTERS), 'The answer');
}

function indented(text, type) {
  return type.startsWith('application/json') ? JSON.stringify(JSON.parse(text), null, 2) : text;
}
