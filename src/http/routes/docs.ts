import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { renderPage } from '../../html/render-page.ts';
import { DocsPage } from '../docs/docs-page.tsx';
import { defineRoute, type Route } from '../route.ts';

/** The page's files in `src/http/docs/assets`, and the URL of each. */
const FILES = [
  { url: '/docs/docs.css', file: 'docs.css', contentType: 'text/css' },
  { url: '/docs/icon.svg', file: 'icon.svg', contentType: 'image/svg+xml' },
  ...['docs.js', 'dom.js', 'schema.js', 'operation.js', 'try-it.js'].map((file) => ({
    url: `/docs/${file}`,
    file,
    contentType: 'text/javascript',
  })),
];

/**
 * The page loads files of this server only: no inline script or style, no other host, no frame around
 * it. Trusted Types make the browser refuse text that would become HTML.
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

/** `GET /docs`: a page to read and try the API, and the page's files (docs/adr/0012-docs-page.md). */
export function docsPage(): Route[] {
  const page = { url: '/docs', content: renderPage(DocsPage()), contentType: 'text/html' };
  const files = FILES.map(({ url, file, contentType }) => {
    const content = readFileSync(new URL(`../docs/assets/${file}`, import.meta.url));
    return { url, content, contentType };
  });
  return [page, ...files].map(({ url, content, contentType }) =>
    defineRoute({
      method: 'GET',
      url,
      auth: 'none',
      audit: { none: 'no patient data' },
      doc: {
        operationId: 'docsPage',
        tag: 'Operation',
        summary: 'A page to read and try this API',
        listed: url === '/docs',
        responses: { 200: { description: 'The page.', contentType, schema: z.string() } },
      },
      handle: async ({ reply }) =>
        reply
          .headers({
            'content-type': `${contentType}; charset=utf-8`,
            'content-security-policy': CONTENT_SECURITY_POLICY,
            'cross-origin-opener-policy': 'same-origin',
            'cache-control': 'no-cache',
          })
          .send(content),
    }),
  );
}
