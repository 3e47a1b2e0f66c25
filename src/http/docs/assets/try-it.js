import { samplesOf } from './samples.js';

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

/** The key of the programs while the reader has entered none. */
const NO_KEY = 'YOUR_SECRET_KEY';

const NEEDS_KEY = 'This request has no API key. Enter one at the top of the page.';

const KEY_IN_BODY = /("idempotencyKey"\s*:\s*)"(?:[^"\\]|\\.)*"/;

/** Connects the form of the page, if it has one. @param {HTMLInputElement} key the field of the API key. */
export function connectTryIt(key) {
  const form = document.getElementById('try-form');
  if (!form) return;
  const body = document.getElementById('try-body');
  const example = document.getElementById('try-example');
  const outcome = form.querySelector('.outcome');
  const again = form.elements.namedItem('again');

  const showSamples = () => {
    const texts = samplesOf(sampleRequest(form, body, key.value || NO_KEY));
    for (const sample of document.querySelectorAll('.trying .sample')) {
      sample.querySelector('code').textContent = texts[sample.dataset.language];
    }
  };
  /** Only a key that has been sent can be sent again. */
  let sent = false;
  const setSent = (now) => {
    sent = now;
    if (again) again.disabled = !now;
  };
  const renew = () => {
    renewIdempotencyKey(form, body);
    setSent(false);
  };

  example?.addEventListener('change', () => {
    body.value = JSON.stringify(JSON.parse(example.value), null, 2);
    renew();
    showSamples();
  });
  form.addEventListener('input', showSamples);
  key.addEventListener('input', showSamples);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (sent && event.submitter !== again) renew();
    setSent(true);
    showSamples();
    const request = requestOf(form, body, key.value);
    outcome.replaceChildren(paragraph('muted', 'Sending …'));
    const answer = await answerOf(request);
    if (needsKey(form) && key.value === '') answer.unshift(paragraph('notice', NEEDS_KEY));
    outcome.replaceChildren(...answer);
  });
  renew();
  showSamples();
}

/** Puts a fresh key where the reader's request has one: into the body or the header. */
function renewIdempotencyKey(form, body) {
  const fresh = `try-${[...crypto.getRandomValues(new Uint8Array(12))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')}`;
  const header = form.elements.namedItem('Idempotency-Key');
  if (body && KEY_IN_BODY.test(body.value)) {
    body.value = body.value.replace(KEY_IN_BODY, `$1"${fresh}"`);
  } else if (body && header?.value) {
    header.value = fresh;
  }
}

/** Reads the form. @param {(name: string) => string} missing what stands for a part of the path without a value. */
function read(form, body, missing) {
  const query = new URLSearchParams();
  const headers = [];
  let path = form.dataset.path;
  for (const input of form.querySelectorAll('[data-in]')) {
    const { name, value } = input;
    if (input.dataset.in === 'path') {
      path = path.replace(`{${name}}`, encodeURIComponent(value) || missing(input));
    } else if (value !== '') {
      if (input.dataset.in === 'query') query.set(name, value);
      else headers.push([name, value]);
    }
  }
  if (body) headers.push(['content-type', 'application/json']);
  // The API is where these files are, one level up, also behind a proxy that adds a prefix.
  const api = new URL('..', import.meta.url);
  const url = new URL(path.slice(1) + (query.size > 0 ? `?${query}` : ''), api);
  return { method: form.dataset.method, url, headers, ...(body && { body: body.value }) };
}

function needsKey(form) {
  return form.dataset.needsKey === 'true';
}

function sampleRequest(form, body, key) {
  const { url, headers, ...rest } = read(
    form,
    body,
    ({ placeholder, name }) => placeholder || name,
  );
  const all = needsKey(form) ? [['cv-api-key', key], ...headers] : headers;
  return { ...rest, url: url.href, headers: all };
}

function requestOf(form, body, key) {
  const { method, url, headers, ...rest } = read(form, body, () => '');
  const all = needsKey(form) && key !== '' ? [['cv-api-key', key], ...headers] : headers;
  return { url, init: { ...rest, method, headers: all, cache: 'no-store' } };
}

async function answerOf({ url, init }) {
  const since = performance.now();
  try {
    const response = await fetch(url, init);
    const shown = await bodyOf(response);
    const ms = Math.round(performance.now() - since);
    const headers = SHOWN_HEADERS.filter((name) => response.headers.has(name));
    const line = paragraph('result', '');
    line.append(
      element('span', `status s${String(response.status)[0]}`, String(response.status)),
      element('span', 'muted', `${ms} ms · ${init.method} ${url.pathname}`),
    );
    return [
      line,
      ...(headers.length === 0
        ? []
        : [
            code(
              headers.map((name) => `${name}: ${response.headers.get(name)}`).join('\n'),
              'Headers',
            ),
          ]),
      shown,
    ];
  } catch {
    return [
      paragraph(
        'notice',
        'No response. Check that the server is running and that all fields are valid.',
      ),
    ];
  }
}

async function bodyOf(response) {
  const type = response.headers.get('content-type') ?? '';
  if (!/^(text\/|application\/json)/.test(type)) {
    const { size } = await response.blob();
    return paragraph('muted', `${size} bytes${type && ` of ${type}`}`);
  }
  const text = await response.text();
  return code(indented(text, type).slice(0, MAX_CHARACTERS), 'Response');
}

function indented(text, type) {
  return type.startsWith('application/json') ? JSON.stringify(JSON.parse(text), null, 2) : text;
}

/** Creates an element with a text, which is never HTML. */
function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function paragraph(className, text) {
  return element('p', className, text);
}

/** Creates a block of code. It takes the focus, so that the keyboard can scroll it. */
function code(text, label) {
  const block = element('pre', '', '');
  block.tabIndex = 0;
  block.role = 'region';
  block.ariaLabel = label;
  block.append(element('code', '', text));
  return block;
}
