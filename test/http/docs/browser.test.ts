import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBrowser } from '../../support/browser.ts';
import { CUT_TEXTS } from '../../support/cut-texts.ts';
import { startTestApi, type TestApi } from '../../support/test-api.ts';

// The documentation in a real browser, used as a person would use it.

let api: TestApi;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** The errors of the browser, and its requests to other hosts. */
let faults: string[];

beforeAll(async () => {
  [api, browser] = await Promise.all([startTestApi(), startBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await api.close();
});

beforeEach(async () => {
  // Axe opens another page, for which it needs a context.
  context = await browser.newContext();
  page = await context.newPage();
  faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // The browser also reports a violated policy as an error. It calls a 4xx an error, too, but tests ask for those.
    const isAnswer = message.text().startsWith('Failed to load resource');
    if (['error', 'warning'].includes(message.type()) && !isAnswer) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(api.app.url)) faults.push(`request to ${request.url()}`);
  });
});
afterEach(async () => {
  await context.close();
  expect(faults).toEqual([]);
});

const open = (path: string) => page.goto(`${api.app.url}/docs${path}`);
const enterKey = () => page.getByLabel('API key').fill(api.organization.apiKey);
const REPEAT = 'Repeat with the same key';
const result = () => page.locator('.outcome .result');
const answer = async () =>
  JSON.parse((await page.locator('.outcome pre').last().textContent()) ?? '');
const keyInBody = async () =>
  JSON.parse(await page.getByLabel('Body', { exact: true }).inputValue()).idempotencyKey as string;

async function send(button = 'Send'): Promise<string> {
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: button, exact: true }).click();
  await answered;
  await result().waitFor();
  return (await result().textContent()) ?? '';
}

describe('trying an operation', () => {
  beforeEach(async () => {
    await open('/caseAction');
    await enterKey();
    await page.getByLabel('caseId').fill(api.organization.caseId);
  });

  it('offers to repeat a key only after it was sent', async () => {
    const isEnabled = () => page.getByRole('button', { name: REPEAT }).isEnabled();
    expect(await isEnabled()).toBe(false);
    await send();
    expect(await isEnabled()).toBe(true);
    await page.getByLabel('Example', { exact: true }).selectOption({ index: 1 });
    expect(await isEnabled()).toBe(false);
  });

  it('says when a request has no API key', async () => {
    await page.getByLabel('API key').fill('');
    await send();
    expect(await page.locator('.outcome').textContent()).toContain('Enter one at the top');
  });

  it('shows hostile text as text, in the form, the programs and the address', async () => {
    const hostile = `"><img src=x onerror="window.ran=1"><script>window.ran=1</script>`;
    await page.getByLabel('caseId').fill(hostile);
    await page
      .getByLabel('Body', { exact: true })
      .fill(JSON.stringify({ idempotencyKey: 'a "quoted\\" key', order: hostile }));
    await send();
    await send();

    // The fresh key has replaced the whole old one.
    expect(await keyInBody()).toMatch(/^try-[0-9a-f]{24}$/);
    expect(await page.locator('.trying .sample:visible code').textContent()).toContain(
      encodeURIComponent(hostile),
    );
    await open('/caseAction#%');
    await page.getByRole('combobox', { name: 'Search' }).fill(hostile);
    await page.getByText('Nothing found').waitFor();
    expect(await page.evaluate('[window.ran, document.images.length]')).toEqual([undefined, 1]);
  });

  it('sends the example with a fresh key each time, and with the same key when asked', async () => {
    expect(await send()).toMatch(/^200/);
    const [first, order] = [await keyInBody(), (await answer()).data.order];
    const stored = await api.get(`/api/v1/cases/${api.organization.caseId}/orders/${order.id}`);
    expect(stored.json.data.order.idempotencyKey).toBe(first);

    expect(await send(REPEAT)).toMatch(/^409/);
    expect((await answer()).code).toBe('IDEMPOTENCY_ERROR');
    expect(await page.locator('.outcome').textContent()).toContain('idempotency-match: same');
    expect(await keyInBody()).toBe(first);

    expect(await send()).toMatch(/^200/);
    expect(await keyInBody()).not.toBe(first);
  });

  it('shows why a request was rejected', async () => {
    await page.getByLabel('Body', { exact: true }).fill('{"action":"PLACE_ORDER","order":{}}');

    expect(await send()).toMatch(/^400/);
    expect(await page.locator('.outcome').textContent()).toContain('prescriber is required');
  });

  it('writes what the reader enters into the programs of every language', async () => {
    await page.getByLabel('Body', { exact: true }).fill('{"action": "it\'s mine"}');
    for (const [language, text] of [
      ['cURL', "--data-raw '{\"action\": \"it'\\''s mine\"}'"],
      ['JavaScript', '"action": "it\'s mine"'],
      ['Python', '"action": "it\'s mine"'],
      ['Go', '`{"action": "it\'s mine"}`'],
    ] as const) {
      await page.getByText(language, { exact: true }).click();
      const shown = await page.locator('.trying .sample:visible code').textContent();
      expect(shown).toContain(text);
      expect(shown).toContain(api.organization.apiKey);
      expect(shown).toContain(`${api.app.url}/api/v1/cases/${api.organization.caseId}`);
    }
  });

  it('keeps the key on the next page of this tab only, and out of every URL', async () => {
    const urls: string[] = [];
    page.on('request', (request) => urls.push(request.url()));
    await page.locator('nav a[href="readOrder"]').click();
    await page.getByRole('heading', { name: 'Read an order', exact: true }).waitFor();
    const key = (of: Page) => of.getByLabel('API key').inputValue();

    expect(await key(page)).toBe(api.organization.apiKey);
    expect([...urls, page.url()].filter((url) => url.includes(api.organization.apiKey))).toEqual(
      [],
    );
    expect(await page.evaluate('[localStorage.length, document.cookie]')).toEqual([0, '']);
    const other = await context.newPage();
    await other.goto(page.url());
    expect(await key(other)).toBe('');
  });
});

describe('the search', () => {
  it('opens by "/" and leads to a field inside folded parts by the keyboard', async () => {
    await open('');
    await page.keyboard.press('/');
    await page.keyboard.type('npi');
    const first = page.getByRole('option').first();
    await first.waitFor();
    expect(await first.textContent()).toContain('npi');
    await page.keyboard.press('Enter');

    await page.waitForURL(/caseAction#body\.PLACE_ORDER\.order\.prescriber\.npi$/);
    await page.locator(':target .name').waitFor({ state: 'visible' });
  });

  it('opens by "/" while a language is selected', async () => {
    await open('/webhooks');
    await page.getByText('Go', { exact: true }).click();
    await page.keyboard.press('/');
    await page.keyboard.type('ping');
    await page.getByRole('option').first().waitFor();
  });

  it.each([
    ['not_cancell', /errors#ORDER_NOT_CANCELLABLE$/],
    ['429', /errors#429$/],
    ['place cancel', /caseAction$/],
    ['idempotency', /idempotency$/],
  ])('finds “%s”', async (query, target) => {
    await open('/errors');
    await page.getByRole('combobox', { name: 'Search' }).fill(query);
    await page.getByRole('option').first().click();

    await page.waitForURL(target);
  });
});

it('shows the page in the navigation, and the linked part below the bar, also on a phone', async () => {
  const top = (selector: string) =>
    page.locator(selector).evaluate((element) => element.getBoundingClientRect().top as number);
  await open('/ping');
  expect(await top('nav [aria-current]')).toBeLessThan(720);
  for (const [width, bar] of [
    [1280, 60],
    [360, 0],
  ] as const) {
    await page.setViewportSize({ width, height: 720 });
    await open('/errors#429');
    expect(await top(':target')).toBeGreaterThanOrEqual(bar);
    expect(await top(':target')).toBeLessThan(720);
  }
});

it('reads without JavaScript', async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false });
  try {
    const still = await plain.newPage();
    await still.goto(`${api.app.url}/docs`);
    await still.getByRole('main').getByRole('link', { name: 'Read an order', exact: true }).click();
    await still.getByRole('heading', { name: 'Read an order', exact: true }).waitFor();
    await still.getByText('Python', { exact: true }).click();
    await still.getByText('urllib.request.Request').waitFor();
  } finally {
    await plain.close();
  }
});

describe.each([
  '',
  '/caseAction',
  '/errors',
  '/reasons',
  '/webhooks',
  '/orderCreated',
  '/listEvents',
])('the page /docs%s', (path) => {
  it.each([360, 1280])('cuts off no text at a width of %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    await open(path);

    expect(await page.evaluate(CUT_TEXTS)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });

  it.each(['light', 'dark'] as const)(
    'has no serious axe violation in %s mode',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await open(path);
      await page.locator('#search-input').fill('order');
      await page.getByRole('option').first().waitFor();

      // Without this option, axe computes a unique selector for each of the nodes that pass.
      const axe = new AxeBuilder({ page }).options({ resultTypes: ['violations'] });
      // All other rules give the same result in both modes.
      if (colorScheme === 'dark') axe.withRules(['color-contrast']);
      const { violations } = await axe.analyze();

      const serious = violations.filter(
        ({ impact }) => impact === 'serious' || impact === 'critical',
      );
      expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    },
  );
});

it('runs only its own scripts: the policy blocks inline scripts and text as HTML', async () => {
  await open('');
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
  // The browser has reported each of them.
  expect(faults.splice(0).length).toBeGreaterThan(0);
});
