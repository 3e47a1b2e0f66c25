import { expect, it } from 'vitest';
import { BEHAVIOURS } from '../../simulator/behaviours.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { useConsole } from '../support/console.ts';
import { consoleRoutes } from '../support/console-pages.ts';
import { eventually } from '../support/eventually.ts';
import { EXAMINE, type Examined, hostileText } from '../support/hostile-texts.ts';
import { startReceiver } from '../support/receiver.ts';
import { listed, PDF, startScriptedPharmacy } from '../support/scripted-pharmacy.ts';
import { withKeysOf } from '../support/sealed-rows.ts';

// Every page of the console in a real browser: without JavaScript on a small phone, with an order of each pharmacy of the
// sandbox, and with hostile texts from everybody who can send one.

const LONG = { timeout: 120_000 };
const SMALL_PHONE = { width: 360, height: 640 };
const PHARMACY = 'pharmacy-123';
const CASE = '123e4567-e89b-12d3-a456-426614174000';
/** A document that is a page with a script. */
const PAGE = Buffer.from('<!doctype html><script>parent.hit = 1; top.hit = 1</script>');
const HEADERS = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };

const { use, at, logIn, placeMany, register, reopen, seriousFindings, tooWide } = useConsole();

it('works without JavaScript on a small phone', LONG, async () => {
  await reopen({ javaScriptEnabled: false, viewport: SMALL_PHONE });
  const { test, operator, page, faults } = use();
  const receiver = await startReceiver();
  receiver.answer = { status: 500, body: 'busy' };
  const endpointId = await register(receiver.url);
  const [waiting = ''] = await placeMany(1);
  const orderId = await test.place(PHARMACY);
  await test.end(orderId);
  const [document] = await operator`SELECT id FROM documents WHERE order_id = ${orderId}`;
  const documentId = String(document?.['id']);

  await logIn('operator');
  for (const route of consoleRoutes({ orderId, documentId, pharmacyId: PHARMACY, endpointId })) {
    if (route.includes('/documents/')) {
      expect((await page.request.get(at(route))).status(), route).toBe(200);
      continue;
    }
    expect((await page.goto(at(route)))?.status(), route).toBe(200);
    expect(await tooWide(), route).toBe(0);
  }

  // Filters a list.
  await page.goto(at('/orders'));
  const link = (id: string) => page.getByRole('link', { name: id });
  await link(orderId).waitFor();
  await page.locator('select[name=status]').selectOption('NEEDS_ATTENTION');
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.waitForURL(/status=NEEDS_ATTENTION/);
  await link(waiting).waitFor();
  expect(await link(orderId).count()).toBe(0);
  await page.locator('select[name=status]').selectOption('');
  await page.locator('select[name=pharmacy]').selectOption(PHARMACY);
  await page.getByRole('button', { name: 'Filter' }).click();
  await link(orderId).waitFor();
  expect(await link(waiting).count()).toBe(0);
  // The form keeps what the link to a list has chosen, also a pharmacy that is not set up.
  await page.goto(at('/orders?pharmacy=pharmacy-nobody-knows'));
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.waitForURL(/status=&/);
  await link(waiting).waitFor();
  expect(await link(orderId).count()).toBe(0);

  // Repairs an order.
  await page.goto(at('/attention'));
  await page.getByLabel(`Order ${waiting}`).check();
  await page.getByLabel('Reason, for the timeline').fill('nobody knows the pharmacy');
  await page.getByRole('button', { name: 'Cancel the orders' }).click();
  await page.getByText('1 of 1 done.').waitFor();
  expect(await tooWide()).toBe(0);
  await eventually(
    'the order is cancelled',
    async () => (await test.get(waiting)).status === 'CANCELLED',
  );
  await link(waiting).click();
  await page.locator('.status', { hasText: 'Cancelled' }).first().waitFor();

  // Shows patient data.
  await page.goto(at(`/orders/${orderId}`));
  await page.getByRole('button', { name: 'Show patient data' }).click();
  await page.getByText('Jane Sample').waitFor();
  expect(await tooWide()).toBe(0);

  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL(/\/login/);
  await page.goto(at('/'));
  expect(new URL(page.url()).pathname).toBe('/login');
  expect(faults).toEqual([]);
  await receiver.close();
});

/** The status that an order of each pharmacy of the sandbox reaches; `COMPLETED` where none is named. */
const ENDS: Readonly<Record<string, string>> = {
  'pharmacy-refuses': 'REJECTED',
  'pharmacy-rejects': 'REJECTED',
  'pharmacy-corrupt': 'NEEDS_ATTENTION',
  'pharmacy-contradicts': 'NEEDS_ATTENTION',
  'pharmacy-down': 'PLACING',
  'pharmacy-manual': 'AWAITING_COMPLETION',
};

/** The pharmacies whose orders' pages have the most on them: a contradiction to decide on, and a step that is retried. */
const EXAMINED = ['pharmacy-contradicts', 'pharmacy-down'];

it('shows an order of each pharmacy of the sandbox, whatever its end is', LONG, async () => {
  const { test, page, faults } = use();
  const placed = await Promise.all(
    Object.keys(BEHAVIOURS).map(async (pharmacyId) => {
      const status = ENDS[pharmacyId] ?? 'COMPLETED';
      const orderId = await test.place(pharmacyId);
      const isThere = async () => (await test.get(orderId)).status === status;
      await eventually(`the order of ${pharmacyId} is ${status}`, isThere, 90_000);
      return { pharmacyId, orderId, status };
    }),
  );
  await logIn('operator');
  for (const { pharmacyId, orderId, status } of placed) {
    await page.goto(at(`/pharmacies/${pharmacyId}`));
    await page.getByRole('heading', { name: `Pharmacy ${pharmacyId}` }).waitFor();
    const lists = [`/orders?pharmacy=${pharmacyId}`];
    if (status === 'NEEDS_ATTENTION') lists.push(`/attention?pharmacy=${pharmacyId}`);
    for (const route of lists) {
      await page.goto(at(route));
      await page.getByRole('row', { name: orderId }).getByText(pharmacyId).waitFor();
    }
    await page.goto(at(`/orders/${orderId}`));
    const text = status.charAt(0) + status.slice(1).toLowerCase().replaceAll('_', ' ');
    await page.locator('dd .status', { hasText: text }).waitFor();
    if (!EXAMINED.includes(pharmacyId)) continue;
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousFindings(), `${pharmacyId} ${colorScheme}`).toEqual([]);
    }
  }
  expect(faults).toEqual([]);
});

it('shows hostile texts as texts', LONG, async () => {
  await reopen({ viewport: SMALL_PHONE });
  const { test, operator, page, faults } = use();
  const { baseUrl, databaseUrl, env } = test.stack;
  const owner = openDatabase(databaseUrl, 1, withKeysOf(env.ENCRYPTION_KEYS));
  const [pharmacy, receiver] = await Promise.all([startScriptedPharmacy(owner), startReceiver()]);
  const sent = new Set<string>();
  const hostile: typeof hostileText = (place, ...rest) => {
    sent.add(place);
    return hostileText(place, ...rest);
  };

  // From operators, by `rx`.
  const organization = hostile('organization', 200);
  await operator`UPDATE organizations SET name = ${organization}, access_reasons = true`;
  await operator`UPDATE pharmacies SET name = ${hostile('pharmacy', 200)} WHERE id = ${pharmacy.id}`;
  // From the organization: what is invisible, it cannot send.
  receiver.answer = { status: 500, body: hostile('answer', 1_000) };
  const query = encodeURIComponent(hostile('endpoint', 1_000, 'override'));
  const endpointId = await register(`${receiver.url}?${query}`);
  const patient = {
    firstName: hostile('patient', 1_000, 'override'),
    address: {
      ...{ city: 'Reno', state: 'NV', country: 'US', postalCode: '89501' },
      addressLine1: hostile('street', 1_000, 'override'),
    },
  };
  const put = await fetch(`${baseUrl}/api/v1/cases/${CASE}`, {
    ...{ method: 'PUT', headers: HEADERS, body: JSON.stringify({ patient }) },
  });
  expect(put.status).toBe(200);
  const unknown = await test.place(hostile('unknown-pharmacy', 1_000, 'override'));
  // From the pharmacy.
  pharmacy.template = {
    ...{ status: 'rejected', reason: hostile('reason', 10_000), id: hostile('its-id', 255) },
  };
  const rejected = await test.place(pharmacy.id);
  expect((await test.end(rejected)).status).toBe('REJECTED');
  pharmacy.template = {
    ...{ status: 'completed', carrier: hostile('carrier', 255) },
    ...{ trackingId: hostile('parcel', 255), trackingUrl: 'javascript:hit=1' },
    documents: [
      listed('a', PDF, { name: hostile('document', 255, 'slash') }),
      listed('b', PAGE, { name: 'b.html', contentType: 'text/html' }),
    ],
  };
  pharmacy.script('document', (response, _order, { url: path = '' }) => {
    const isPage = path.endsWith('b');
    response.setHeader('content-type', isPage ? 'text/html' : 'application/pdf');
    response.end(isPage ? PAGE : PDF);
  });
  const completed = await test.place(pharmacy.id);
  expect((await test.end(completed)).status).toBe('COMPLETED');
  const message = { reference: hostile('reference', 255), id: hostile('other-id', 255) };
  expect((await pharmacy.tell(baseUrl, 'order.completed', message)).status).toBe(202);

  const seen = new Set<string>();
  const examine = async (what: string) => {
    const { places, ...rest } = await page.evaluate<Examined>(EXAMINE);
    for (const place of places) seen.add(place);
    const expected = { hit: false, elements: [], turned: [], tooWide: 0 };
    expect.soft({ ...rest, tooWide: await tooWide() }, what).toEqual(expected);
  };

  await logIn('admin', hostile('operator', 200, 'override'));
  expect((await test.end(unknown)).status).toBe('NEEDS_ATTENTION');
  await page.goto(at(`/orders/${unknown}`));
  await page.getByLabel('Reason, for the timeline').fill(hostile('why', 1_000));
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByText('1 of 1 done.').waitFor();
  await examine('a repair');
  await test.end(unknown);
  const reason = page.getByLabel('Reason, which the organization requires');
  await page.goto(at(`/orders/${completed}`));
  await reason.fill(hostile('access', 1_000));
  await page.getByRole('button', { name: 'Show patient data' }).click();
  await page.locator('details.document').first().waitFor();
  await examine('patient data');
  const html = page.locator('details.document', { hasText: 'b.html' });
  const href = await html.getByRole('link', { name: 'Download it' }).getAttribute('href');
  const file = await page.request.get(at(href ?? ''));
  expect(await file.body()).toEqual(PAGE);
  expect(file.headers()).toMatchObject({
    ...{ 'content-type': 'application/octet-stream', 'content-disposition': 'attachment' },
    'x-content-type-options': 'nosniff',
  });
  expect(await html.locator('iframe').count()).toBe(0);
  await page.goto(at(`/orders/${rejected}`));
  await reason.fill('a test');
  await page.getByRole('button', { name: 'Show patient data' }).click();
  await page.getByText('#reason:').waitFor();
  await examine('the reason');
  for (const [route, label, button] of [
    ['/orders', 'Order id, pharmacy', 'Search'],
    ['/audit', 'Case id', 'Show'],
  ] as const) {
    await page.goto(at(route));
    await page.getByLabel(label).fill(hostile('search', 255));
    await page.getByRole('button', { name: button }).click();
    await page.waitForLoadState();
    await examine(`a search in ${route}`);
  }
  const ids = { pharmacyId: pharmacy.id, endpointId };
  const walk = [unknown, rejected, completed].flatMap((orderId) =>
    consoleRoutes({ ...ids, orderId }).filter((route) => !route.includes('/documents/')),
  );
  const unknownText = encodeURIComponent(hostile('nothing', 200));
  for (const route of [
    ...new Set(walk),
    ...[`/pharmacies/${unknownText}`, `/attention?reason=${unknownText}`],
    ...[`/orders?since=${unknownText}&status=${unknownText}`, `/${unknownText}`],
  ]) {
    await page.goto(at(route));
    await examine(route);
  }
  expect([...seen].toSorted()).toEqual([...sent].toSorted());
  expect(faults).toEqual([]);
  await Promise.all([pharmacy.close(), receiver.close(), owner.end()]);
});
