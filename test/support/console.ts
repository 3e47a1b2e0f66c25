import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { urlOfRole } from '../../sandbox/database-url.ts';
import { type ConsoleRole, createLogin } from '../../src/operators/console-sessions.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { startBrowser } from './browser.ts';
import { startTestStack, type TestStack } from './stack.ts';

/** A pharmacy that is not set up: orders for it need attention. */
const UNKNOWN_PHARMACY = 'pharmacy-nobody-knows';

const HEADERS = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };

/** Finds out how many pixels the page is wider than the window, with everything that it can open. */
const TOO_WIDE = `(() => {
  for (const each of document.querySelectorAll('details')) each.open = true;
  const { scrollWidth, clientWidth } = document.scrollingElement;
  return scrollWidth - clientWidth;
})()`;

/** What a test of the console works with. */
export interface ConsoleTest {
  readonly test: TestStack;
  /** Postgres, as an operator. */
  readonly operator: Database;
  readonly context: BrowserContext;
  readonly page: Page;
  /** The errors of the browser, violated policies, and its requests to other hosts. */
  readonly faults: readonly string[];
}

/**
 * Starts a stack with a console and a browser for the tests of a file; each test has a page without a session.
 *
 * @param prepare returns variables for the stack.
 */
export function useConsole(
  prepare: () => Promise<Record<string, string>> = () => Promise.resolve({}),
) {
  let started: { test: TestStack; browser: Browser; operator: Database };
  let opened: { context: BrowserContext; page: Page; faults: string[] };
  const use = (): ConsoleTest => ({ ...started, ...opened });
  const at = (route: string) => `${started.test.stack.consoleUrl}${route}`;

  beforeAll(async () => {
    const settings = await prepare();
    const [test, browser] = await Promise.all([
      startTestStack(settings, { withConsole: true }),
      startBrowser(),
    ]);
    const operator = openDatabase(urlOfRole(test.stack.databaseUrl, 'operator'), 1);
    started = { test, browser, operator };
  }, 120_000);
  afterAll(async () => {
    await started.operator.end();
    await started.browser.close();
    await started.test.close();
  });
  async function open(options?: BrowserContextOptions): Promise<void> {
    const context = await started.browser.newContext(options);
    const page = await context.newPage();
    // No page of a test may load anything from the internet.
    await page.route(
      ({ hostname }) => hostname !== '127.0.0.1',
      (route) => route.abort(),
    );
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      // The browser also reports a violated policy as an error.
      if (/Content Security Policy|Trusted/i.test(message.text())) faults.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(started.test.stack.consoleUrl)) faults.push(request.url());
    });
    opened = { context, page, faults };
  }
  beforeEach(() => open());
  afterEach(() => opened.context.close());

  return {
    /** What the running test works with. */
    use,
    /** The URL of a route of the console. */
    at,
    /** Continues the test in another browser, such as one without JavaScript. */
    async reopen(options: BrowserContextOptions): Promise<void> {
      await opened.context.close();
      await open(options);
    },
    /** How many pixels the page is wider than the window: then it scrolls sideways. */
    tooWide: () => opened.page.evaluate<number>(TOO_WIDE),
    /** Registers an endpoint of the organization. @returns its id. */
    async register(url: string, events = ['ORDER_STATUS_CHANGED']): Promise<string> {
      const answer = await fetch(`${started.test.stack.baseUrl}/api/v1/webhook-endpoints`, {
        ...{ method: 'POST', headers: HEADERS, body: JSON.stringify({ url, events }) },
      });
      const { data } = (await answer.json()) as { data: { endpoint: { id: string } } };
      return data.endpoint.id;
    },
    /** Logs in with a new link. */
    async logIn(role: ConsoleRole, name = 'anna'): Promise<void> {
      const { page } = opened;
      const key = await createLogin(started.operator, { operator: name, role });
      await page.goto(at(`/login?key=${key}`));
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
    },
    /** What axe finds in the page that is serious or critical. */
    async seriousFindings(): Promise<unknown[]> {
      const { violations } = await new AxeBuilder({ page: opened.page }).analyze();
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
    },
    /** Places orders that need attention. @returns their ids. */
    async placeMany(count: number): Promise<string[]> {
      const { test } = started;
      const ids = await Promise.all(
        Array.from({ length: count }, () => test.place(UNKNOWN_PHARMACY)),
      );
      await Promise.all(ids.map((id) => test.end(id)));
      return ids;
    },
  };
}
