import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { CONFORMANCE_RULES } from '../../../src/pharmacy/conformance/finding.ts';
import { readRestOrder } from '../../../src/pharmacy/rest-answers.ts';
import { parseRestMessage } from '../../../src/pharmacy/rest-message.ts';
import {
  isAuthentic,
  WEBHOOK_AUTH_KINDS,
  type WebhookAuth,
} from '../../../src/pharmacy/webhook-auth.ts';
import { webhookSecretFault } from '../../../src/pharmacy/webhook-secret-rules.ts';
import { textOf } from '../../support/markdown.ts';

/* docs/pharmacy-protocol.md: its signatures, tables and examples, compared with the code. */

const PAGE = textOf('docs/pharmacy-protocol.md');
/** Without the line breaks within paragraphs. */
const PROSE = PAGE.replace(/\s+/g, ' ');

/** The code blocks whose fence begins with these words, e.g. `http basic`. */
function blocksOf(words: string): { rest: string; text: string }[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${words}(.*)\n([^]*?)\n\`\`\`$`, 'gm'))].map(
    ([, rest = '', text = '']) => ({ rest: rest.trim(), text }),
  );
}

/** The first cells of the table below a heading, without backticks. */
function firstColumn(heading: string): string[] {
  const section = PAGE.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell = '']) => cell);
}

const [{ text: BODY } = { text: '' }] = blocksOf('json webhook-body');

function worked(kind: string): { secret: string; headers: Record<string, string> } {
  const [block, ...more] = blocksOf(`http ${kind} `);
  if (block === undefined || more.length > 0) throw new Error(`one example of ${kind} is needed`);
  const headers = block.text.split('\n').map((line) => line.split(': ') as [string, string]);
  return { secret: block.rest, headers: Object.fromEntries(headers) };
}

describe('the worked signatures', () => {
  beforeEach(() => {
    const { headers } = worked('standard-webhooks');
    vi.useFakeTimers({ now: Number(headers['webhook-timestamp']) * 1_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('sign a body that is read as a message', () => {
    expect(PROSE).toContain(`sign this body of ${Buffer.byteLength(BODY)} bytes`);
    const message = parseRestMessage({ headers: {}, body: Buffer.from(BODY) });
    expect(message).toMatchObject({ type: 'completed', pharmacyOrderId: 'ph-1042' });
  });

  it('of standard-webhooks is computed as the page says', () => {
    const { secret, headers } = worked('standard-webhooks');
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    expect(PROSE).toContain(`the ${key.length} **decoded bytes**`);
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${BODY}`;
    const signature = createHmac('sha256', key).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signature}`);
  });

  it('of x-cv-signature is computed as the page says', () => {
    const { secret, headers } = worked('x-cv-signature');
    const signature = createHmac('sha256', secret).update(BODY).digest('hex');
    expect(headers['x-cv-signature']).toBe(signature);
  });

  it.each(WEBHOOK_AUTH_KINDS.filter((kind) => kind !== 'none'))('of %s is authentic', (kind) => {
    const { secret, headers } = worked(kind);
    const [username = '', password = ''] = secret.split(':');
    const auth = { kind, secret, token: secret, username, password } as WebhookAuth;
    const webhook = { headers, body: Buffer.from(BODY) };
    expect(isAuthentic(auth, webhook)).toBe(true);
    expect(webhookSecretFault(auth)).toBeUndefined();
    const other = kind.endsWith('s') || kind === 'x-cv-signature';
    if (other) expect(isAuthentic(auth, { headers, body: Buffer.from(`${BODY}\n`) })).toBe(false);
    expect(PAGE).toContain(`\`${secret}\``);
  });
});

describe('its tables', () => {
  it('list every kind of webhook authentication', () => {
    expect(firstColumn('Authentication of webhooks')).toEqual(WEBHOOK_AUTH_KINDS);
  });

  it('list every rule of the check, in its order', () => {
    expect(firstColumn('Check a pharmacy')).toEqual(CONFORMANCE_RULES);
  });

  it('list the statuses and the types of messages', () => {
    const statuses = firstColumn('Statuses');
    expect(statuses).toEqual(['accepted', 'in_progress', 'completed', 'rejected', 'cancelled']);
    const types = firstColumn('Webhooks').filter((cell) => cell.startsWith('order.'));
    const read = types.map((type) => {
      const body = JSON.stringify({ type, data: { reference: 'r', trackingId: '1' } });
      return (parseRestMessage({ headers: {}, body: Buffer.from(body) }) as { type: string }).type;
    });
    expect(read).toEqual(['completed', 'rejected', 'cancelled', 'tracking_added']);
  });
});

it('shows an order that the gateway reads as it is', () => {
  const shown = blocksOf('json').map(({ text }) => JSON.parse(text) as Record<string, unknown>);
  const order = shown.find(({ status }) => status === 'completed');
  const { trackingId, carrier, ...rest } = order ?? {};
  const read = readRestOrder(order, { id: 'ph-1042' });
  expect(read).toMatchObject({ ...rest, shipment: { trackingId, carrier }, unreadable: [] });
});
