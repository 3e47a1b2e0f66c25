import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startBrowser } from '../support/browser.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

// The documentation page in a real browser, as a person uses it.

let test: TestStack;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What the browser complained of, and what it asked other hosts for. */
let faults: string[];

beforeAll(async () => {
  [test, browser] = await Promise.all([startTestStack(), startBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await test.close();
});

beforeEach(async () => {
  faults = [];
  // Axe opens a page of its own beside it, which takes a context.
  context = await browser.newContext();
  page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // A refused policy is told as an error too.
    if (['error', 'warning'].includes(message.type())) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(test.stack.baseUrl)) faults.push(`asked ${request.url()}`);
  });
  await page.goto(`${test.stack.baseUrl}/docs`);
  await page.getByRole('heading', { name: 'rx-orders API' }).waitFor();
});
afterEach(() => context.close());

const caseAction = () => page.locator('#caseAction');

it('shows every operation and every webhook of the document', async () => {
  const response = await fetch(`${test.stack.baseUrl}/openapi.json`);
  const document = (await response.json()) as { paths: object; webhooks: object };
  const operations = [document.paths, document.webhooks].flatMap((paths) =>
    Object.values(paths).flatMap((item) => Object.values(item as object)),
  );

  const shown = await page
    .locator('section.operation')
    .evaluateAll((list) => list.map(({ id }) => id));

  expect(shown.toSorted()).toEqual(operations.map(({ operationId }) => operationId).toSorted());
  expect(faults).toEqual([]);
});

it('sends the published example and shows the order that it gave', async () => {
  await page.getByLabel('API key').fill('YOUR_SECRET_KEY');
  await caseAction().getByRole('button', { name: 'Send' }).click();

  const result = caseAction().locator('.result');
  await result.waitFor();
  expect(await result.textContent()).toMatch(/^200/);
  const { data } = JSON.parse((await caseAction().locator('.outcome pre').textContent()) ?? '');
  expect(await test.get(data.order.id)).toMatchObject({ idempotencyKey: 'unique-order-key-123' });
  expect(faults).toEqual([]);
});

it('shows why a request was refused', async () => {
  await page.getByLabel('API key').fill('YOUR_SECRET_KEY');
  await caseAction()
    .getByLabel('Body', { exact: true })
    .fill('{"action":"PLACE_ORDER","order":{}}');
  await caseAction().getByRole('button', { name: 'Send' }).click();

  await caseAction().locator('.result').waitFor();
  expect(await caseAction().locator('.outcome').textContent()).toContain('prescriber is required');
});

it.each(['light', 'dark'] as const)('has no serious fault for axe when %s', async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  await page.getByLabel('API key').fill('YOUR_SECRET_KEY');
  await page.locator('#health').getByRole('button', { name: 'Send' }).click();
  await page.locator('#health .result').waitFor();
  await page.locator('#readOrder summary').first().click();

  const { violations } = await new AxeBuilder({ page }).analyze();

  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
});

it('runs nothing that is not ours: the policy refuses inline scripts and text as HTML', async () => {
  const refused = await page.evaluate(`(() => {
    const script = document.createElement('script');
    const thrown = [];
    for (const set of [
      () => { script.textContent = 'window.ran = true'; },
      () => { document.body.innerHTML = '<b>no</b>'; },
    ]) try { set(); } catch (error) { thrown.push(error.name); }
    document.body.append(script);
    return { thrown, ran: window.ran === true };
  })()`);

  expect(refused).toEqual({ thrown: ['TypeError', 'TypeError'], ran: false });
});
