import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES, ERROR_STATUSES, WARNING_CODES } from '../../../src/contract/error-list.ts';
import { END_CODES, STEP_CODES, TIMELINE_CODES } from '../../../src/contract/reason-list.ts';
import type { SearchIndex } from '../../../src/http/docs/search-index.ts';
import { DOCUMENT } from '../../support/documented.ts';
import { startTestApi, type TestApi } from '../../support/test-api.ts';

// The documentation as the server sends it, without a browser.

const MOST_BYTES = 60_000;
const GUIDES = ['authentication', 'idempotency', 'errors', 'reasons', 'webhooks'];
const OPERATIONS = [DOCUMENT.paths, DOCUMENT['webhooks'] as typeof DOCUMENT.paths]
  .flatMap((paths) => Object.values(paths).flatMap((item) => Object.values(item)))
  .map((operation) => (operation as unknown as { operationId: string }).operationId);
const PAGES = ['', ...GUIDES, ...OPERATIONS];

let api: TestApi;
/** The HTML of each page, by its path. */
const html = new Map<string, string>();
beforeAll(async () => {
  api = await startTestApi();
  for (const page of PAGES) {
    const path = page === '' ? '/docs' : `/docs/${page}`;
    const answer = await api.send('GET', path);
    expect(answer.status).toBe(200);
    html.set(path, answer.text);
  }
});
afterAll(() => api.close());

const idsOf = (text = '') => [...text.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id);

it('has a page of less than 60 KB for each operation, webhook and guide', () => {
  const sizes = [...html].map(([path, text]) => [path, Buffer.byteLength(text)] as const);

  expect(sizes).toHaveLength(PAGES.length);
  expect(sizes.filter(([, size]) => size >= MOST_BYTES)).toEqual([]);
});

it('gives each part of a page an id of its own', () => {
  const twice = [...html].flatMap(([path, text]) =>
    idsOf(text)
      .filter((id, index, all) => all.indexOf(id) !== index)
      .map((id) => `${path}#${id}`),
  );

  expect(twice).toEqual([]);
});

it('links only to what exists', async () => {
  const links = new Set(
    [...html].flatMap(([path, text]) =>
      [...text.matchAll(/ (?:href|src)="([^"]+)"/g)].map(
        ([, link = '']) => new URL(link.replaceAll('&amp;', '&'), `http://docs${path}`).href,
      ),
    ),
  );
  expect(links.size).toBeGreaterThan(PAGES.length);

  const broken: string[] = [];
  for (const link of links) {
    const { pathname, hash } = new URL(link);
    const { status } = html.has(pathname) ? { status: 200 } : await api.send('GET', pathname);
    const ids = idsOf(html.get(pathname));
    const isThere = hash === '' || ids.includes(decodeURIComponent(hash.slice(1)));
    if (!isThere || status !== 200) broken.push(link);
  }
  expect(broken).toEqual([]);
});

it('finds parts of pages that exist, in an index of less than 60 KB', async () => {
  const { text, json } = await api.send('GET', '/docs/search.json');
  const { entries, fields } = json as SearchIndex;
  const links = [
    ...entries.map(({ link }) => link),
    ...Object.entries(fields).flatMap(([page, ids]) => ids.map((id) => `${page}#${id}`)),
  ];

  const missing = links.filter((link) => {
    const [page = '', id] = link.split('#');
    const shown = html.get(`/docs/${page}`);
    return shown === undefined || (id !== undefined && !idsOf(shown).includes(id));
  });
  expect(missing).toEqual([]);
  expect(fields['caseAction']).toContain('body.PLACE_ORDER.order.prescriber.npi');
  expect(Buffer.byteLength(text)).toBeLessThan(MOST_BYTES);
});

it('leads from /docs/ to /docs, where relative links begin', async () => {
  expect((await fetch(`${api.app.url}/docs/`)).url).toBe(`${api.app.url}/docs`);
});

it('answers an unknown page with 404', async () => {
  expect((await api.send('GET', '/docs/no-such-page')).status).toBe(404);
});

describe('the table of errors', () => {
  it('has every status, code and warning of the list, with its answer to "send again"', () => {
    const rows = [
      ...(html.get('/docs/errors') ?? '').matchAll(
        /<tr id="([^"]+)">.*?<td[^>]*>(yes|no)<\/td><\/tr>/g,
      ),
    ].map(([, name, retry]) => [name, retry === 'yes']);
    const list = [ERROR_STATUSES, ERROR_CODES, WARNING_CODES].flatMap((errors) =>
      Object.entries(errors).map(([name, { retry }]) => [name, retry]),
    );

    expect(rows).toEqual(list);
  });

  it('has every status and code of the published document', () => {
    const text = JSON.stringify(DOCUMENT);
    const statuses = Object.values(DOCUMENT.paths)
      .flatMap((item) => Object.values(item))
      .flatMap(({ responses }) => Object.keys(responses))
      .filter((status) => status >= '400');
    const codes = [...text.matchAll(/"success":false[^{}]*"code":"([A-Z_]+)"/g)].map(
      ([, code]) => code,
    );
    const rows = idsOf(html.get('/docs/errors'));

    expect(new Set(codes).size).toBeGreaterThan(3);
    expect(
      [...new Set([...statuses, ...codes])].filter((name) => !rows.includes(name ?? '')),
    ).toEqual([]);
  });
});

it('has every reason and delay of an order, with what the organization and an operator do', () => {
  const rows = [...(html.get('/docs/reasons') ?? '').matchAll(/<tr id="([^"]+)">(.*?)<\/tr>/g)];
  const list = [STEP_CODES, END_CODES, TIMELINE_CODES].flatMap((codes) => Object.keys(codes));

  expect(rows.map(([, name]) => name)).toEqual(list);
  for (const [, name, cells = ''] of rows) {
    expect(cells.match(/<td[^>]*>(?!<\/td>)/g), name).toHaveLength(3);
  }
});
