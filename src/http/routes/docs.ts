import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { failure } from '../../contract/envelope.ts';
import type { ApiDocument } from '../docs/api-document.ts';
import { docsSlugs, renderDocsPage } from '../docs/pages.tsx';
import { searchIndex } from '../docs/search-index.ts';
import { defineRoute, type Route } from '../route.ts';

/** The files of the pages, in `src/http/docs/assets`. */
const FILES = [
  { file: 'docs.css', contentType: 'text/css' },
  { file: 'icon.svg', contentType: 'image/svg+xml' },
  ...['docs.js', 'samples.js', 'search.js', 'try-it.js'].map((file) => ({
    file,
    contentType: 'text/javascript',
  })),
];

/**
 * The pages load files of this server only: no inline script or style, no other host, no frame around
 * them. Trusted Types make the browser refuse text that would become HTML. No form goes anywhere: a
 * script sends its request.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** What the search reads. */
const INDEX = 'search.json';

interface Served {
  readonly contentType: string;
  readonly content: string | Buffer;
}

/**
 * `GET /docs`: pages to read and try the API, with their files (docs/adr/0050-documentation-pages.md). A
 * page is rendered at its first request and kept.
 *
 * @param readDocument the text of `/openapi.json`.
 */
export function docsPages(readDocument: () => string): Route[] {
  const parse = () => JSON.parse(readDocument()) as ApiDocument;
  const pages = new Map<string, Served>();
  let slugs: ReadonlySet<string> | undefined;
  const find = (name: string): Served | undefined => {
    const kept = pages.get(name);
    if (kept !== undefined) return kept;
    if (name === INDEX) {
      const content = JSON.stringify(searchIndex(parse()));
      return keep(name, { contentType: 'application/json', content });
    }
    // The document takes milliseconds to parse: a name that anybody invents must not cost that.
    slugs ??= new Set(docsSlugs(parse()));
    if (!slugs.has(name)) return undefined;
    return keep(name, { contentType: 'text/html', content: renderDocsPage(parse(), name) });
  };
  const keep = (name: string, served: Served) => {
    pages.set(name, served);
    return served;
  };
  const files = FILES.map(({ file, contentType }) => {
    const content = readFileSync(new URL(`../docs/assets/${file}`, import.meta.url));
    return docsRoute(`/docs/${file}`, () => ({ contentType, content }));
  });
  return [docsRoute('/docs', () => find('')), docsRoute('/docs/:page', find), ...files];
}

function docsRoute(url: string, find: (page: string) => Served | undefined): Route {
  return defineRoute<{ page?: string }>({
    method: 'GET',
    url,
    auth: 'none',
    audit: { none: 'no patient data' },
    ...(url.includes(':') ? { params: z.object({ page: z.string() }) } : {}),
    doc: {
      operationId: 'docsPage',
      tag: 'Operation',
      summary: 'Pages to read and try this API',
      listed: url === '/docs',
      responses: {
        200: { description: 'The first page.', contentType: 'text/html', schema: z.string() },
      },
    },
    handle: async ({ params, reply }) => {
      // The page's relative links begin at `/docs`.
      if (params.page === '') return reply.redirect('../docs');
      const served = find(params.page ?? '');
      if (served === undefined) return reply.code(404).send(failure(404, 'no such page'));
      return reply
        .headers({
          'content-type': `${served.contentType}; charset=utf-8`,
          'content-security-policy': CONTENT_SECURITY_POLICY,
          'cross-origin-opener-policy': 'same-origin',
          'cache-control': 'no-cache',
        })
        .send(served.content);
    },
  });
}
