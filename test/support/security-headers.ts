import { DOCS_PAGE } from './access-cases.ts';
import type { Answer } from './test-api.ts';

/** What every answer has that no route has of its own, where the server is reached over HTTPS. */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
} as const;

/** An answer's headers of these names; null where it lacks one. */
export function securityHeadersOf({ headers }: Pick<Answer, 'headers'>) {
  return Object.fromEntries(Object.keys(SECURITY_HEADERS).map((name) => [name, headers.get(name)]));
}

/** What they are at a route, named as in the access matrix. */
export function securityHeadersAt(name: string): Record<string, unknown> {
  const [, url = ''] = name.split(' ');
  const isPage = DOCS_PAGE.includes(url);
  return {
    ...SECURITY_HEADERS,
    // They show nobody's data, and a browser asks before it shows what it kept.
    ...(isPage || url === '/openapi.json' ? { 'cache-control': 'no-cache' } : {}),
    // The page runs scripts, of its own host alone; test/e2e/docs-page.test.ts has it in a browser.
    ...(isPage ? { 'content-security-policy': PAGE_POLICY } : {}),
  };
}

const PAGE_POLICY = [
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
