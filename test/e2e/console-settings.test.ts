import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { useConsole } from '../support/console.ts';
import { eventually } from '../support/eventually.ts';
import { startReceiver } from '../support/receiver.ts';
import { signedHeaders, webhookSecret } from '../support/webhook-signing.ts';

// The pages of pharmacies, endpoints, messages and the audit log, in a real browser.

const LONG = { timeout: 120_000 };
const SILENT = 'pharmacy-silent';
const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>';

const { use, at, logIn, seriousFindings, register } = useConsole();

async function sendWebhook(secret: string, body: object): Promise<number> {
  const text = JSON.stringify(body);
  const url = `${use().test.stack.baseUrl}/webhooks/pharmacies/${SILENT}`;
  const answer = await fetch(url, {
    ...{ method: 'POST', body: text, headers: signedHeaders(secret, text) },
  });
  return answer.status;
}

/** Fails unless the page is light enough and axe finds nothing serious, in light and in dark. */
async function examine(route: string): Promise<void> {
  const { page } = use();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const answer = await page.goto(at(route));
    expect((await answer?.body())?.length, route).toBeLessThan(60_000);
    expect(await seriousFindings(), `${route} ${colorScheme}`).toEqual([]);
  }
}

describe('an endpoint', () => {
  it('shows its failures, replays them, and gets a new secret', LONG, async () => {
    const { test, operator, page, faults } = use();
    const receiver = await startReceiver();
    receiver.answer = { status: 500, body: HOSTILE };
    const endpointId = await register(receiver.url);
    const orderId = await test.place('pharmacy-123');
    await test.end(orderId);
    // Three days later: each attempt has failed.
    await eventually('no delivery is open', async () => {
      await operator`
        UPDATE webhook_deliveries SET status = 'DEAD', next_attempt_at = NULL
        WHERE endpoint_id = ${endpointId} AND status = 'RETRYING' AND locked_until IS NULL`;
      const states = await operator`
        SELECT DISTINCT status FROM webhook_deliveries WHERE endpoint_id = ${endpointId}`;
      return states.length === 1 && states[0]?.['status'] === 'DEAD';
    });

    await logIn('admin');
    await page.goto(at('/endpoints?unhealthy=on'));
    await page.getByText('failing', { exact: true }).waitFor();
    await page.getByRole('link', { name: receiver.url }).click();
    await page.locator('summary').first().click();
    await page.locator('pre', { hasText: 'onerror' }).first().waitFor();
    await examine(`/endpoints/${endpointId}`);

    receiver.answer = { status: 204 };
    await page.getByRole('button', { name: 'Replay the failed deliveries' }).click();
    await page.getByText(/^\d+ deliver(y is|ies are) sent again\.$/).waitFor();
    await page.getByRole('link', { name: 'Back' }).click();
    await page.locator('summary', { hasText: 'delivered' }).first().waitFor();

    const last = page
      .locator('dt', { hasText: 'Last delivered' })
      .locator('xpath=following::dd[1]');
    expect(await last.textContent()).toMatch(/ago$/);

    // One of them again, from the page of its order.
    const before = receiver.received.length;
    await page.goto(at(`/orders/${orderId}`));
    await page.locator('summary', { hasText: 'ORDER_STATUS_CHANGED' }).first().click();
    await page.getByRole('button', { name: 'Replay' }).first().click();
    await eventually('it arrives again', async () => receiver.received.length > before);

    await page.goto(at(`/endpoints/${endpointId}`));
    await page.getByRole('button', { name: 'Replace the secret' }).click();
    await page.getByText(/whsec_/).waitFor();
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByText('The previous secret also signs until').waitFor();
    expect(await page.content()).not.toContain('whsec_');
    expect(faults).toEqual([]);
    await receiver.close();
  });

  it('is tested, disabled and enabled', LONG, async () => {
    const { page } = use();
    const receiver = await startReceiver();
    const endpointId = await register(receiver.url);
    await logIn('operator');
    await page.goto(at(`/endpoints/${endpointId}`));
    expect(await page.getByRole('button', { name: 'Replace the secret' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText(/The endpoint answered 204/).waitFor();
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('BY_HAND').waitFor();
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByText('enabled', { exact: true }).waitFor();
    await receiver.close();
  });
});

it(
  'replaces the credentials of a pharmacy, and shows its webhooks and what is refused',
  LONG,
  async () => {
    const { test, operator, page, faults } = use();
    const secret = webhookSecret();
    await logIn('admin', 'ada');
    await page.goto(at(`/pharmacies/${SILENT}`));
    await page.getByLabel('Its webhooks are authenticated by').selectOption('standard-webhooks');
    await page.getByLabel('Webhook secret, password or token').fill('short');
    await page.getByRole('button', { name: 'Replace' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByLabel('Its webhooks are authenticated by').selectOption('standard-webhooks');
    await page.getByLabel('Webhook secret, password or token').fill(secret);
    await page.getByRole('button', { name: 'Replace' }).click();
    await page.getByText('The credentials were replaced').waitFor();

    const pharmacyOrderId = `unknown-${randomUUID()}`;
    const message = { type: 'order.cancelled', data: { id: pharmacyOrderId } };
    await eventually('the new secret is in use', async () => {
      return (await sendWebhook(secret, message)) === 202;
    });
    expect(await sendWebhook(webhookSecret(), message)).toBe(401);
    await page.goto(at(`/pharmacies/${SILENT}`));
    await eventually('the refused webhook is shown', async () => {
      await page.reload();
      return (await page.content()).includes('SIGNATURE_WRONG');
    });
    await examine(`/pharmacies/${SILENT}`);
    expect(await page.content()).not.toContain(secret);
    await page.getByRole('button', { name: 'Test the base URL and the token' }).click();
    await page.getByText('The test succeeded').waitFor();
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByRole('button', { name: 'Disable: place no new orders' }).click();
    await page.getByText('disabled', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByText('enabled', { exact: true }).waitFor();
    await examine('/pharmacies');

    // The message matches no order. An operator links it.
    const orderId = await test.place(SILENT);
    await examine('/messages');
    const row = page.getByRole('row', { name: pharmacyOrderId });
    await row.getByLabel(/^Order id/).fill(orderId);
    await row.getByLabel(/^Reason/).fill('the pharmacy told us by phone');
    await row.getByRole('button', { name: 'Link' }).click();
    await page.getByRole('heading', { name: `Order ${orderId}` }).waitFor();
    await page.getByText('the pharmacy told us by phone').waitFor();
    // A message is only a hint: the pharmacy knows nothing of a cancellation, and says so when asked.
    expect((await test.end(orderId)).status).toBe('COMPLETED');

    // The audit log names who did it.
    await page.goto(at('/audit'));
    await page.getByLabel('Operator').fill('ada');
    await page.getByRole('button', { name: 'Show' }).click();
    for (const action of ['PHARMACY_SECRETS_REPLACED', 'PHARMACY_DISABLED', 'MESSAGE_LINKED']) {
      await page.getByRole('cell', { name: action }).first().waitFor();
    }
    await examine('/audit');
    await page.getByLabel('Order id').fill(orderId);
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('cell', { name: 'MESSAGE_LINKED' }).first().waitFor();
    expect(await page.getByRole('cell', { name: 'PHARMACY_DISABLED' }).count()).toBe(0);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export these rows' }).click(),
    ]);
    const exported = await (await download.createReadStream()).toArray();
    expect(Buffer.concat(exported).toString()).toContain(orderId);
    await eventually('the rows are sealed', async () => {
      return (await operator`SELECT FROM audit_seals LIMIT 1`).length > 0;
    });
    await page.getByRole('button', { name: 'Verify the seals' }).click();
    await page.getByText(/All \d+ seals hold/).waitFor();
    expect(faults).toEqual([]);
  },
);

it('refuses the actions of other roles', LONG, async () => {
  const { page } = use();
  const receiver = await startReceiver();
  const endpointId = await register(receiver.url);
  const actions = {
    operator: [
      ...['test', 'enable', 'disable', 'replay'].map((name) => `/endpoints/${endpointId}/${name}`),
      ...['test', 'enable', 'disable'].map((name) => `/pharmacies/${SILENT}/${name}`),
      ...[`/deliveries/${randomUUID()}/replay`, '/messages/1/link', '/audit/export'],
    ],
    admin: [`/endpoints/${endpointId}/rotate`, `/pharmacies/${SILENT}/secrets`],
  };
  for (const [role, routes] of [
    ['viewer', [...actions.operator, ...actions.admin]],
    ['operator', actions.admin],
  ] as const) {
    await logIn(role);
    await page.goto(at(`/endpoints/${endpointId}`));
    const csrf = await page.locator('input[name=csrf]').first().inputValue();
    for (const route of routes) {
      const answer = await page.request.post(at(route), { form: { csrf } });
      expect([route, answer.status()]).toEqual([route, 403]);
    }
  }
  await receiver.close();
});

it(
  'asks why an operator looks at patient data, if the organization requires it',
  LONG,
  async () => {
    const { test, operator, page } = use();
    const orderId = await test.place('pharmacy-123');
    await test.end(orderId);
    await operator`UPDATE organizations SET access_reasons = true`;
    await logIn('operator', 'rita');
    const shown = at(`/orders/${orderId}/shown`);
    await page.goto(at(`/orders/${orderId}`));
    const csrf = await page.locator('input[name=csrf]').first().inputValue();
    const [document] = await operator`SELECT id FROM documents WHERE order_id = ${orderId}`;
    const file = at(`/orders/${orderId}/documents/${String(document?.['id'])}`);
    expect((await page.request.post(shown, { form: { csrf, reason: ' ' } })).status()).toBe(403);
    expect((await page.request.get(file)).status()).toBe(403);

    await page.getByLabel('Reason, which the organization requires').fill('a call of the clinic');
    await page.getByRole('button', { name: 'Show patient data' }).click();
    await page.getByText('a call of the clinic').waitFor();
    expect((await page.request.get(file)).status()).toBe(200);
    const rows = await operator<{ action: string; result: string; reason: string | null }[]>`
    SELECT action, result, access_reasons.reason FROM audit_log
    LEFT JOIN access_reasons ON 'reason/' || access_reasons.id = request_id
    WHERE actor = 'rita' AND audit_log.order_id = ${orderId} AND action <> 'ORDER_READ'
    ORDER BY audit_log.id`;
    expect(rows).toEqual([
      { action: 'PATIENT_DATA_SHOWN', result: 'FORBIDDEN', reason: null },
      { action: 'DOCUMENT_READ', result: 'FORBIDDEN', reason: null },
      { action: 'PATIENT_DATA_SHOWN', result: 'OK', reason: expect.any(String) },
      { action: 'DOCUMENT_READ', result: 'OK', reason: null },
    ]);
    expect(rows[2]?.reason).not.toContain('clinic');
    // It holds for an hour, so the page does not ask again.
    await page.goto(at(`/orders/${orderId}`));
    await page.getByRole('button', { name: 'Show patient data' }).waitFor();
    expect(await page.getByLabel('Reason, which').count()).toBe(0);
    // The reason of a colleague does not count.
    await logIn('operator', 'otto');
    expect((await page.request.get(file)).status()).toBe(403);
    // A reason is patient data, too.
    await logIn('viewer', 'vera');
    await page.goto(at(`/orders/${orderId}`));
    expect(await page.content()).not.toContain('a call of the clinic');
    await operator`UPDATE organizations SET access_reasons = false`;
  },
);
