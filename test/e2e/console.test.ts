import { randomUUID } from 'node:crypto';
import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { createLogin } from '../../src/operators/console-sessions.ts';
import { useConsole } from '../support/console.ts';
import { eventually } from '../support/eventually.ts';
import { examplePlaceOrder } from '../support/example.ts';

// The operators' console in a real browser, on real orders.

const LONG = { timeout: 120_000 };
const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
const HEADERS = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };

const { use, at, logIn, seriousFindings, placeMany } = useConsole();

describe('the login', () => {
  it('works once by a link, and ends with the session', LONG, async () => {
    const { operator, context, page } = use();
    await page.goto(at('/orders'));
    expect(new URL(page.url()).pathname).toBe('/login');

    const link = at(
      `/login?key=${await createLogin(operator, { operator: 'anna', role: 'viewer' })}`,
    );
    await page.goto(link);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });

    await page.getByRole('button', { name: 'Log out' }).click();
    await page.goto(at('/'));
    expect(new URL(page.url()).pathname).toBe('/login');
    await page.goto(link);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').waitFor();
    // The old cookie opens nothing.
    const old = await fetch(at('/'), {
      headers: { cookie: `${cookie?.name}=${cookie?.value}` },
      redirect: 'manual',
    });
    expect(old.headers.get('location')).toBe('/login');
  });

  it('opens nothing to a form of another site, and records who came', LONG, async () => {
    const { operator } = use();
    const key = await createLogin(operator, { operator: 'mallory', role: 'admin' });
    const answer = await fetch(at('/login'), {
      method: 'POST',
      headers: { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ key }),
      redirect: 'manual',
    });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
    await logIn('viewer', 'olga');
    const rows = await operator`
      SELECT FROM audit_log WHERE action = 'CONSOLE_LOGIN' AND actor = 'olga'`;
    expect(rows).toHaveLength(1);
  });
});

it('shows the overview and the queue, light and dark, without findings of axe', LONG, async () => {
  const { test, page, faults } = use();
  await placeMany(2);
  await test.end(await test.place('pharmacy-123'));
  await logIn('operator');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const route of ['/', '/attention', '/orders']) {
      const answer = await page.goto(at(route));
      expect((await answer?.body())?.length).toBeLessThan(60_000);
      expect(await seriousFindings(), `${route} ${colorScheme}`).toEqual([]);
    }
  }
  await page.locator('.status', { hasText: 'Completed' }).first().waitFor();
  expect(faults).toEqual([]);
});

it('retries twenty orders at once, and the same click does nothing twice', LONG, async () => {
  const { operator, page } = use();
  const ids = await placeMany(20);
  await logIn('operator');
  await page.goto(at('/attention'));
  for (const id of ids) await page.getByLabel(`Order ${id}`).check();
  await page.getByLabel('Reason, for the timeline').fill('the pharmacy is set up now');
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByText('20 of 20 done.').waitFor({ timeout: 60_000 });
  const repairs = async () =>
    (await operator`SELECT FROM order_repairs WHERE order_id = ANY(${ids}::uuid[])`).length;
  expect(await repairs()).toBe(20);

  // The browser sends the same form again.
  page.on('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await page.getByText('0 of 20 done.').waitFor({ timeout: 60_000 });
  await page
    .getByText(/anna (requested|repaired) it \d+ (s|min) ago/)
    .first()
    .waitFor();
  expect(await repairs()).toBe(20);
});

it('is operated by keyboard alone, and shows where the focus is', LONG, async () => {
  const { page } = use();
  const [id = ''] = await placeMany(1);
  await logIn('operator');
  await page.goto(at('/attention'));
  const focused = page.locator(':focus');
  const tabTo = async (wanted: Locator) => {
    for (let presses = 0; presses < 400; presses += 1) {
      await page.keyboard.press('Tab');
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      expect(outline).not.toBe('none');
      if ((await focused.and(wanted).count()) > 0) return;
    }
    throw new Error('Tab does not reach it');
  };
  await tabTo(page.getByRole('link', { name: 'Skip to the content' }));
  await page.keyboard.press('Enter');
  await tabTo(page.getByLabel(`Order ${id}`));
  await page.keyboard.press('Space');
  await tabTo(page.getByLabel('Reason, for the timeline'));
  await page.keyboard.type('without a mouse');
  await tabTo(page.getByRole('button', { name: 'Cancel the orders' }));
  await page.keyboard.press('Enter');
  await page.getByText('1 of 1 done.').waitFor();
});

it('shows each repair when it is done, and continues without the page', LONG, async () => {
  const { test, operator, page } = use();
  const ids = await placeMany(12); // more than are repaired at once
  await logIn('operator');
  await page.goto(at('/attention'));
  for (const id of ids) await page.getByLabel(`Order ${id}`).check();
  await page.getByLabel('Reason, for the timeline').fill('Temporal is slow');
  test.stack.kill('temporal', 'SIGSTOP');
  try {
    await page.getByRole('button', { name: 'Retry' }).click({ noWaitAfter: true });
    await page.getByText('Each gets its row').waitFor();
    expect(await page.locator('tbody tr').count()).toBe(0);
    await page.close();
  } finally {
    test.stack.kill('temporal', 'SIGCONT');
  }
  await eventually('the orders are repaired', async () => {
    const failedAgain = await operator`
      SELECT FROM order_activity
      WHERE order_id = ANY(${ids}::uuid[]) AND to_status = 'NEEDS_ATTENTION'`;
    return failedAgain.length === 2 * ids.length;
  });
});

it(
  'shows a new order in the queue without a reload, and keeps what is selected',
  LONG,
  async () => {
    const { page, faults } = use();
    const [first] = await placeMany(1);
    await logIn('operator');
    await page.goto(at('/attention'));
    await page.getByLabel(`Order ${first}`).check();
    await page.evaluate('window.isSamePage = true');
    const [second] = await placeMany(1);
    await page.getByLabel(`Order ${second}`).waitFor({ timeout: 60_000 });
    expect(await page.evaluate('window.isSamePage')).toBe(true);
    expect(await page.getByLabel(`Order ${first}`).isChecked()).toBe(true);
    expect(faults).toEqual([]);
  },
);

it('refuses every action to a viewer, and shows no patient data', LONG, async () => {
  const { page } = use();
  const [id = ''] = await placeMany(1);
  await logIn('viewer');
  await page.goto(at('/attention'));
  expect(await page.getByRole('button', { name: 'Retry' }).count()).toBe(0);
  await page.goto(at(`/orders/${id}`));
  expect(await page.getByRole('button', { name: 'Show patient data' }).count()).toBe(0);
  const csrf = await page.locator('input[name=csrf]').first().inputValue();
  for (const [route, form] of [
    ['/repairs', { csrf, order: `${id} x`, action: 'retry', reason: 'no' }],
    [`/orders/${id}/shown`, { csrf }],
  ] as const) {
    const answer = await page.request.post(at(route), { form });
    expect(answer.status(), route).toBe(403);
  }
});

it('refuses a form without the token of the session', LONG, async () => {
  const { page } = use();
  const [id = ''] = await placeMany(1);
  await logIn('operator');
  const form = { order: `${id} x`, action: 'cancel', reason: 'forged' };
  expect((await page.request.post(at('/repairs'), { form })).status()).toBe(403);
});

it('finds an order by each of its ids, and covers patient data until asked', LONG, async () => {
  const { test, operator, page, faults } = use();
  const caseId = `case-${randomUUID()}`;
  const patient = { firstName: HOSTILE.slice(0, 60), lastName: 'Testperson' };
  const put = await fetch(`${test.stack.baseUrl}/api/v1/cases/${caseId}`, {
    ...{ method: 'PUT', headers: HEADERS, body: JSON.stringify({ patient }) },
  });
  expect(put.status).toBeLessThan(300);
  const key = `key-${randomUUID()}`;
  const placed = await fetch(`${test.stack.baseUrl}/api/v1/cases/${caseId}`, {
    ...{ method: 'POST', headers: HEADERS },
    body: JSON.stringify({
      ...examplePlaceOrder(),
      order: { ...examplePlaceOrder().order, pharmacyId: 'pharmacy-tracking' },
      idempotencyKey: key,
    }),
  });
  const { data } = (await placed.json()) as { data: { order: { id: string } } };
  const { id } = data.order;
  await eventually('the order is completed', async () => {
    const [row] = await operator`SELECT status FROM orders WHERE id = ${id}`;
    return row?.['status'] === 'COMPLETED';
  });

  const read = await fetch(`${test.stack.baseUrl}/api/v1/cases/${caseId}/orders/${id}`, {
    headers: HEADERS,
  });
  const order = (await read.json()) as {
    data: { order: { shipments: { trackingId: string }[] } };
  };
  const trackingId = order.data.order.shipments[0]?.trackingId ?? '';
  expect(trackingId).toMatch(/^9400/);

  await logIn('operator');
  for (const text of [id, caseId, key, trackingId.replace('9400', '9400 ')]) {
    await page.goto(at('/orders'));
    await page.getByLabel('Order id, pharmacy').fill(text);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('heading', { name: `Order ${id}` }).waitFor();
    expect(page.url()).not.toContain(key);
  }
  expect(await page.content()).not.toContain('Testperson');

  await page.getByRole('button', { name: 'Show patient data' }).click();
  await page.getByText('Testperson').waitFor();
  expect(await page.title()).toContain('Order');
  expect(await seriousFindings()).toEqual([]);
  await page.locator('details.document summary').first().click();
  const source = await page.locator('details.document iframe').first().getAttribute('src');
  const pdf = await page.request.get(at(source ?? ''));
  expect([pdf.status(), pdf.headers()['content-type']]).toEqual([200, 'application/pdf']);
  expect((await pdf.body()).subarray(0, 5).toString()).toBe('%PDF-');
  const audited = await operator<{ action: string }[]>`
    SELECT action FROM audit_log WHERE order_id = ${id} AND actor = 'anna'`;
  const actions = new Set(audited.map(({ action }) => action));
  for (const action of ['ORDER_READ', 'PATIENT_DATA_SHOWN', 'DOCUMENT_READ']) {
    expect(actions).toContain(action);
  }
  expect(faults).toEqual([]);
});

it('shows what changed before its stream had begun', LONG, async () => {
  const { page } = use();
  await logIn('operator');
  const placed: string[] = [];
  await page.route('**/live', async (route) => {
    placed.push(...(await placeMany(1)));
    await route.continue();
  });
  await page.goto(at('/attention'));
  const id = await eventually('the order is placed', async () => placed[0]);
  await page.getByLabel(`Order ${id}`).waitFor();
});

it('shows an order while Temporal is away, and its session survives it', LONG, async () => {
  const { test, page } = use();
  await logIn('operator');
  const id = await test.place('pharmacy-slow');
  test.stack.kill('temporal', 'SIGKILL');
  const answer = await page.goto(at(`/orders/${id}`));
  expect(answer?.status()).toBe(200);
  await page.getByRole('heading', { name: `Order ${id}` }).waitFor();
  // The page changes by itself when the order goes on with Temporal.
  await page.locator('.status', { hasText: 'Completed' }).first().waitFor({ timeout: 90_000 });
});

it('stays usable over a restart of Postgres under an open page', LONG, async () => {
  const { test, page } = use();
  await logIn('operator');
  await page.goto(at('/attention'));
  test.stack.kill('postgres', 'SIGKILL');
  const [id] = await placeMany(1);
  await page.getByLabel(`Order ${id}`).waitFor({ timeout: 60_000 });
});
