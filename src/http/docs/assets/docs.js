import { h, prose } from './dom.js';
import { badge, operationSection } from './operation.js';

// Reads /openapi.json and renders it. The API key stays in its input field and is stored nowhere.

const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

function entriesOf(paths, isWebhook) {
  return Object.entries(paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      method,
      path,
      operation: item[method],
      isWebhook,
    })),
  );
}

function show(api) {
  const { info, tags } = api;
  document.getElementById('version').textContent = info.version;
  const entries = [...entriesOf(api.paths, false), ...entriesOf(api.webhooks, true)];
  const groups = tags
    .map((tag) => ({
      tag,
      list: entries.filter(({ operation }) => operation.tags[0] === tag.name),
    }))
    .filter(({ list }) => list.length > 0);

  document.getElementById('nav').replaceChildren(...groups.flatMap(navigationGroup));
  document
    .getElementById('main')
    .replaceChildren(
      h('div', { class: 'intro' }, h('h1', {}, `${info.title} API`), prose(info.description)),
      ...groups.flatMap(({ tag, list }) => [
        h('div', { class: 'group' }, h('h2', {}, tag.name), prose(tag.description)),
        ...list.map((entry) => operationSection(api, entry)),
      ]),
    );
  // The browser looked for the section in the address before the sections existed.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function navigationGroup({ tag, list }) {
  const id = `nav-${tag.name}`;
  return [
    h('h2', { id }, tag.name),
    h(
      'ul',
      { 'aria-labelledby': id },
      list.map(({ method, operation, isWebhook }) =>
        h(
          'li',
          {},
          h(
            'a',
            { href: `#${operation.operationId}` },
            badge(isWebhook ? 'event' : method),
            h('span', {}, operation.summary),
          ),
        ),
      ),
    ),
  ];
}

try {
  const response = await fetch(new URL('openapi.json', document.baseURI));
  show(await response.json());
} catch {
  const message = 'The API document could not be loaded. Reload the page.';
  document.getElementById('main').replaceChildren(h('p', { class: 'notice' }, message));
}
