import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createCodecServer } from '../../src/http/codec-server/app.ts';
import { createFailedAttempts } from '../../src/http/edge/failed-attempts.ts';
import { parseKeyRing } from '../../src/keys/key-ring.ts';
import { createPayloadCodec } from '../../src/temporal/payload-codec.ts';
import { startBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { createKeptLog } from '../support/logs.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

// Temporal's UI in a real browser, used as a person would use it. test/http/docs/ has the documentation.

let test: TestStack;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  [test, browser] = await Promise.all([startTestStack(), startBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await test.close();
});

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(() => context.close());

describe('the Temporal UI', () => {
  const TOKEN = 'the-operators-own-token';
  /** What the UI shows instead of a payload that it cannot decrypt: the encoding `binary/encrypted`. */
  const ENCRYPTED = Buffer.from('binary/encrypted').toString('base64');
  /** The variables of the UI's server in production. */
  const { environment: variables } = (
    parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
      services: Record<string, { environment: Record<string, string> }>;
    }
  ).services['temporal-ui'] as { environment: Record<string, string> };

  let orderId: string;

  beforeAll(async () => {
    orderId = await test.place('pharmacy-manual');
    await eventually('the pharmacy has the order', async () => {
      return (await test.get(orderId)).status === 'AWAITING_COMPLETION';
    });
  });

  const open = (ui: string) =>
    page.goto(`${ui}/namespaces/default/workflows/order-${orderId}`, { waitUntil: 'commit' });
  const input = () => page.getByText('"pharmacy-manual"').first();
  const banner = () => page.getByTestId('data-encoder-status-error');

  it.each(['127.0.0.1', 'localhost'])(
    'of the sandbox is readable at the first visit of %s, without a login',
    async (host) => {
      const refused: string[] = [];
      page.on('requestfailed', (request) => refused.push(request.url()));
      page.on('response', (answer) => {
        if (answer.status() >= 400) refused.push(`${answer.status()} ${answer.url()}`);
      });
      await open(test.stack.temporalUiUrl.replace('127.0.0.1', host));

      await input().waitFor();
      await page.getByText('User Metadata', { exact: true }).click();
      const [summary, details] = [0, 1].map((n) =>
        page.frameLocator('iframe[title="output"]').nth(n).locator('body'),
      );
      await summary?.getByText('Prescription order at pharmacy-manual').waitFor();
      await details?.getByText('AWAITING_COMPLETION').waitFor();

      await page.getByTestId('data-encoder-status-success').waitFor();
      expect(await banner().count()).toBe(0);
      expect(await page.getByText(ENCRYPTED).count()).toBe(0);
      expect(refused.filter((url) => /\/(de|en)code$/.test(url))).toEqual([]);
    },
  );

  it('saves the documented views of the list of workflows', async () => {
    const links = readFileSync('docs/temporal-ui.md', 'utf8').matchAll(
      /\[([^\]]+)\]\(http:\/\/127\.0\.0\.1:8233(\S+savedQuery=\S+)\)/g,
    );
    const views = [...links].map(([, name = '', path = '']) => ({ name, path }));
    expect(views).toHaveLength(3);
    for (const { name, path } of views) {
      await page.goto(test.stack.temporalUiUrl + path);
      await page.getByText(name, { exact: true }).first().waitFor();
      // The order waits for its pharmacy, so only the view of open orders has it.
      const isThere = name === 'Open orders';
      const found = isThere ? `order-${orderId}` : '0 Workflows';
      await page.getByText(found, { exact: true }).first().waitFor();
    }
  });

  it('in production is readable after one login at the codec server', async () => {
    const codecServer = createCodecServer({
      codec: createPayloadCodec(parseKeyRing(test.stack.env['ENCRYPTION_KEYS'] ?? '')),
      token: TOKEN,
      uiOrigin: test.stack.temporalUiUrl,
      failedAttempts: createFailedAttempts({ burst: 3, perSecond: 1 }, createKeptLog()),
      log: createKeptLog(),
    });
    const url = await codecServer.listen({ host: '127.0.0.1', port: 0 });
    // The development server has no option for these settings. The UI's own server answers with its
    // variables in the same form (temporalio/ui v2.42.1, server/server/api/handler.go).
    const valueOf = (name: string) =>
      variables[`TEMPORAL_CODEC_${name}`]?.replace(/http:\/\/127\.0\.0\.1:\$\{.*?\}/, url);
    await context.route('**/api/v1/settings*', async (route) => {
      const response = await route.fetch();
      const settings = (await response.json()) as object;
      const Codec = {
        Endpoint: valueOf('ENDPOINT'),
        IncludeCredentials: valueOf('INCLUDE_CREDENTIALS') === 'true',
        DefaultErrorMessage: valueOf('DEFAULT_ERROR_MESSAGE'),
        DefaultErrorLink: valueOf('DEFAULT_ERROR_LINK'),
      };
      await route.fulfill({ response, json: { ...settings, Codec } });
    });

    try {
      await open(test.stack.temporalUiUrl);
      await banner().waitFor();
      await page.getByText(ENCRYPTED).first().waitFor();

      const opened = context.waitForEvent('page');
      await page.getByRole('link', { name: `${url}/login` }).click();
      const login = await opened;
      await login.getByLabel('Token').fill(TOKEN);
      await login.getByRole('button', { name: 'Log in' }).click();
      await login.getByText('You are logged in').waitFor();

      await page.reload();
      await input().waitFor();
      await page.getByTestId('data-encoder-status-success').waitFor();
      expect(await banner().count()).toBe(0);
    } finally {
      await codecServer.close();
    }
  });
});
