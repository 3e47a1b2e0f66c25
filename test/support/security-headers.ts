import { DOCS_PAGE } from './access-cases.ts';
import type { Answer } from './test-api.ts';

/** The default headers of every answer over HTTPS. */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
} as const;

/** Returns these headers of an answer; null for a missing header. */
export function securityHeadersOf({ headers }: Pick<Answer, 'headers'>) {
  return Object.fromEntries(Object.keys(SECURITY_HEADERS).map((name) => [name, headers.get(name)]));
}

/** The expected headers of a route, by its name in the access matrix. */
export function securityHeadersAt(name: string): Record<string, unknown> {
  const [, url = ''] = name.split(' ');
  const isPage = DOCS_PAGE.includes(url);
  return {
    ...SECURITY_HEADERS,
    // These routes contain no data of an organization, and browsers revalidate them.
    ...(isPage || url === '/openapi.json' ? { 'cache-control': 'no-cache' } : {}),
    // The page runs scripts of its own host only; test/http/docs/browser.test.ts loads it in a browser.
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
