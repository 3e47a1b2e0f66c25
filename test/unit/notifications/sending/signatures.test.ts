import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newSecret, signaturesOf } from '../../../../src/notifications/sending/signatures.ts';

const NOW_S = 1_750_000_000;

/** As a handler of the original does it: one header, compared to one HMAC over the body. */
function originalHandlerTakes(body: string, headers: Record<string, string>, secret: string) {
  return headers['x-cv-signature'] === createHmac('sha256', secret).update(body).digest('hex');
}

describe('signaturesOf', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW_S * 1_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  // standard-webhooks/standard-webhooks: the test "sign function works" of all its libraries.
  it('signs the vector of Standard Webhooks as its libraries do', () => {
    const headers = signaturesOf({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1_614_265_330,
      body: '{"test": 2432232314}',
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    });
    expect(headers).toMatchObject({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
    expect(headers).not.toHaveProperty('x-cv-signature-next');
  });

  it('signs whatever the library of Standard Webhooks verifies, and an original handler', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, fc.uuid(), (body, id) => {
        const secret = newSecret();
        const headers = signaturesOf({ id, timestamp: NOW_S, body, secrets: [secret] });
        const verify = () => new Webhook(secret).verify(body, headers, { jsonParse: false });
        expect(verify).not.toThrow();
        expect(originalHandlerTakes(body, headers, secret)).toBe(true);
      }),
    );
  });

  it('signs with both secrets while one rotates; an original handler keeps the old one', () => {
    const [old, next, body] = [newSecret(), newSecret(), '{}'];
    const headers = signaturesOf({ id: 'msg_1', timestamp: NOW_S, body, secrets: [next, old] });
    for (const secret of [old, next]) {
      expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
    }
    expect(originalHandlerTakes(body, headers, old)).toBe(true);
    const hmac = createHmac('sha256', next).update(body).digest('hex');
    expect(headers['x-cv-signature-next']).toBe(hmac);
    const after = signaturesOf({ id: 'msg_1', timestamp: NOW_S, body, secrets: [next] });
    expect(originalHandlerTakes(body, after, next)).toBe(true);
  });

  it.each(['', 'whsec_', 'whsec_c2hvcnQ=', 'plain text', 'whsec_***', `whsec_${'A'.repeat(200)}`])(
    'refuses to sign with %j, and does not show it',
    (secret) => {
      const sign = () => signaturesOf({ id: 'a', timestamp: NOW_S, body: '', secrets: [secret] });
      expect(sign).toThrow('A secret is whsec_ and the base64 of 24 to 64 bytes.');
    },
  );
});

it('makes secrets of 32 random bytes', () => {
  const secrets = Array.from({ length: 100 }, newSecret);
  expect(new Set(secrets).size).toBe(100);
  for (const secret of secrets) {
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
  }
});
