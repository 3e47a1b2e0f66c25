import type { ConsoleDependencies } from '../../src/http/console/dependencies.ts';
import { pages } from '../../src/http/console/pages.ts';

/** All pages and actions of the console, to read what they are; none of them works. */
export const CONSOLE_PAGES = pages({} as ConsoleDependencies);

/** Returns the routes of all pages, with ids in place of their parameters. */
export function consoleRoutes(ids: Readonly<Record<string, string>>): string[] {
  return CONSOLE_PAGES.filter(({ method }) => method === 'GET').map(({ url }) =>
    url.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(ids[name] ?? 'unknown')),
  );
}
