import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  explainRefusal,
  isAuthentic,
  parseWebhookAuth,
  type RawWebhook,
  type WebhookAuth,
} from '../../../src/pharmacy/webhook-auth.ts';

const NOW_S = 1_750_000_000;
const KEY = randomBytes(24);
const AUTH: WebhookAuth = {
  kind: 'standard-webhooks',
  secret: `whsec_${KEY.toString('base64')}`,
};
const BODY = Buffer.from('{"type":"order.completed","data":{"id":"ph-1"}}');

/** Signs as the Standard Webhooks specification defines, without its library. */
function sign(body: Buffer, { key = KEY, at = NOW_S, id = 'msg-1' } = {}): RawWebhook {
  const signature = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest('base64');
  return {
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(at),
      'webhook-signature': `v1,${signature}`,
    },
    body,
  };
}

function withHeader(webhook: RawWebhook, name: string, value: string | string[] | undefined) {
  return { ...webhook, headers: { ...webhook.headers, [name]: value } };
}

describe('standard-webhooks', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW_S * 1_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('accepts a body that was signed with the secret', () => {
    expect(isAuthentic(AUTH, sign(BODY))).toBe(true);
  });

  it('explains why a webhook is refused', () => {
    const explained = [
      [AUTH, sign(BODY, { key: randomBytes(24) }), 'SIGNATURE_WRONG'],
      [AUTH, { ...sign(BODY), body: Buffer.from('{}') }, 'SIGNATURE_WRONG'],
      [AUTH, sign(BODY, { at: NOW_S - 301 }), 'TIMESTAMP_OFF'],
      [AUTH, withHeader(sign(BODY), 'webhook-timestamp', undefined), 'TIMESTAMP_OFF'],
      [AUTH, withHeader(sign(BODY), 'webhook-signature', undefined), 'SIGNATURE_MISSING'],
      [{ kind: 'bearer', token: 'synthetic-token' }, sign(BODY), 'SIGNATURE_MISSING'],
      [{ kind: 'none' }, sign(BODY), 'NO_WEBHOOK_AUTH'],
    ] as const;
    for (const [auth, webhook, cause] of explained) {
      expect(isAuthentic(auth, webhook)).toBe(false);
      expect(explainRefusal(auth, webhook)).toBe(cause);
    }
  });

  it('accepts any text, byte for byte as signed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(isAuthentic(AUTH, sign(Buffer.from(text)))).toBe(true);
      }),
    );
    expect(isAuthentic(AUTH, sign(Buffer.from('\ufeff{"a":1}\r\n')))).toBe(true);
  });

  it.each([-300, -1, 0, 1, 300])('accepts a timestamp %i s off', (seconds) => {
    expect(isAuthentic(AUTH, sign(BODY, { at: NOW_S + seconds }))).toBe(true);
  });

  it.each([-86_400, -301, 301, 86_400])('refuses a timestamp %i s off', (seconds) => {
    expect(isAuthentic(AUTH, sign(BODY, { at: NOW_S + seconds }))).toBe(false);
  });

  it.each(['.5', ', 1', ' ', 'x', 'e0'])('refuses a timestamp followed by %j', (more) => {
    const webhook = sign(BODY);

    const changed = withHeader(webhook, 'webhook-timestamp', `${NOW_S}${more}`);

    expect(isAuthentic(AUTH, changed)).toBe(false);
  });

  it('refuses another secret', () => {
    expect(isAuthentic(AUTH, sign(BODY, { key: randomBytes(24) }))).toBe(false);
  });

  it('refuses a body with one changed byte, even if the JSON is the same', () => {
    const webhook = sign(BODY);
    fc.assert(
      fc.property(
        fc.nat({ max: BODY.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, bits) => {
          const body = Buffer.from(BODY);
          body.writeUInt8(body.readUInt8(at) ^ bits, at);
          expect(isAuthentic(AUTH, { ...webhook, body })).toBe(false);
        },
      ),
    );
    const spaced = Buffer.from(`${BODY.toString()} `);
    expect(isAuthentic(AUTH, { ...webhook, body: spaced })).toBe(false);
  });

  it('refuses invalid UTF-8 that decodes to the signed text', () => {
    const replaced = sign(Buffer.from('{"a":"\ufffd"}'));
    const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(isAuthentic(AUTH, replaced)).toBe(true);
    expect(isAuthentic(AUTH, { ...replaced, body })).toBe(false);
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'refuses a changed, missing or repeated %s',
    (name) => {
      const webhook = sign(BODY);
      const value = webhook.headers[name] as string;
      for (const other of [undefined, '', `1${value}`, [value], [value, value]]) {
        expect(isAuthentic(AUTH, withHeader(webhook, name, other))).toBe(false);
      }
    },
  );

  it('refuses a signature of another version', () => {
    const webhook = sign(BODY);
    const v1 = webhook.headers['webhook-signature'] as string;
    for (const header of [v1.replace('v1,', 'v2,'), v1.replace('v1,', 'v1a,'), v1.slice(3), 'v1']) {
      expect(isAuthentic(AUTH, withHeader(webhook, 'webhook-signature', header))).toBe(false);
    }
  });

  it('accepts one valid signature among several, as during a secret rotation', () => {
    const webhook = sign(BODY);
    const right = webhook.headers['webhook-signature'] as string;
    const wrong = sign(BODY, { key: randomBytes(24) }).headers['webhook-signature'] as string;
    const header = `v1a,other ${wrong} ${right}`;
    expect(isAuthentic(AUTH, withHeader(webhook, 'webhook-signature', header))).toBe(true);
    expect(isAuthentic(AUTH, withHeader(webhook, 'webhook-signature', `${wrong} v1`))).toBe(false);
  });

  it('refuses everything if the secret is malformed', () => {
    for (const secret of ['whsec_', 'whsec_not base64!', 'x']) {
      expect(isAuthentic({ kind: 'standard-webhooks', secret }, sign(BODY))).toBe(false);
    }
  });
});

describe('x-cv-signature', () => {
  const auth: WebhookAuth = { kind: 'x-cv-signature', secret: 'synthetic secret' };
  const signed = (body: string): RawWebhook => ({
    headers: {
      'x-cv-signature': createHmac('sha256', 'synthetic secret').update(body).digest('hex'),
    },
    body: Buffer.from(body),
  });

  it.each(['{"a":1}', '{ "a" : 1.0 }\n', '{"a":1,"a":2}', '{"\\u0061":1}', 'no JSON'])(
    'verifies the received bytes of %j',
    (body) => {
      expect(isAuthentic(auth, signed(body))).toBe(true);
      expect(isAuthentic(auth, { ...signed(body), body: Buffer.from(`${body} `) })).toBe(false);
    },
  );
});

const withAuthorization = (authorization: string | string[] | undefined): RawWebhook => ({
  headers: { authorization: authorization },
  body: BODY,
});

describe('basic', () => {
  const auth: WebhookAuth = { kind: 'basic', username: 'pharmacy', password: 'pä:ss' };
  const encode = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  it('accepts the configured credentials only', () => {
    expect(isAuthentic(auth, withAuthorization(encode('pharmacy:pä:ss')))).toBe(true);
    for (const wrong of ['pharmacy:', 'pharmacy:pä', 'other:pä:ss', ':pä:ss', 'pharmacy:pä:ss ']) {
      expect(isAuthentic(auth, withAuthorization(encode(wrong)))).toBe(false);
    }
    expect(isAuthentic(auth, withAuthorization(undefined))).toBe(false);
    expect(isAuthentic(auth, withAuthorization([encode('pharmacy:pä:ss')]))).toBe(false);
  });
});

describe('bearer', () => {
  const auth: WebhookAuth = { kind: 'bearer', token: 'synthetic-token' };

  it('accepts the configured token only', () => {
    expect(isAuthentic(auth, withAuthorization('Bearer synthetic-token'))).toBe(true);
    for (const wrong of ['', 'Bearer ', 'Bearer synthetic-toke', 'synthetic-token', undefined]) {
      expect(isAuthentic(auth, withAuthorization(wrong))).toBe(false);
    }
  });
});

describe('none', () => {
  it('accepts nothing, signed or not', () => {
    expect(isAuthentic({ kind: 'none' }, sign(BODY))).toBe(false);
    expect(isAuthentic({ kind: 'none' }, { headers: {}, body: Buffer.alloc(0) })).toBe(false);
  });
});

describe('parseWebhookAuth', () => {
  it('reads each kind', () => {
    const kinds: WebhookAuth[] = [
      AUTH,
      { kind: 'basic', username: 'u', password: 'p' },
      { kind: 'bearer', token: 't' },
      { kind: 'none' },
    ];
    for (const auth of kinds) expect(parseWebhookAuth({ ...auth })).toEqual(auth);
  });

  it('parses a malformed authentication as none, which accepts nothing', () => {
    const malformed = [
      undefined,
      null,
      'none',
      {},
      { kind: 'trust' },
      { kind: 'bearer' },
      { kind: 'bearer', token: '' },
      { kind: 'basic', username: 'u', password: '' },
      { kind: 'standard-webhooks', secret: '' },
    ];
    for (const value of malformed) expect(parseWebhookAuth(value)).toEqual({ kind: 'none' });
  });
});
