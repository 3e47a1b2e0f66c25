import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAuthentic, type WebhookAuth } from '../../../src/pharmacy/webhook-auth.ts';
import { webhookSecretFault } from '../../../src/pharmacy/webhook-secret-rules.ts';

const standard = (secret: string): WebhookAuth => ({ kind: 'standard-webhooks', secret });
const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, index) => index));

describe('standard-webhooks', () => {
  it.each([24, 32, 64])('accepts %i bytes in base64, with and without the prefix', (length) => {
    const secret = bytes(length).toString('base64');
    expect(webhookSecretFault(standard(secret))).toBeUndefined();
    expect(webhookSecretFault(standard(`whsec_${secret}`))).toBeUndefined();
  });

  it.each([
    ['text', 'correct horse battery staple', 'must be base64'],
    ['a token in hex', 'not-base64-at-all', 'must be base64'],
    ['only the prefix', 'whsec_', 'must be base64'],
    ['the prefix twice', `whsec_whsec_${bytes(24).toString('base64')}`, 'must be base64'],
    ['the URL alphabet', `whsec_${Buffer.alloc(24, 0xff).toString('base64url')}`, 'URL alphabet'],
    ['wrong padding', `${bytes(24).toString('base64')}=`, 'must be base64'],
    ['an impossible length', `${bytes(24).toString('base64')}A`, 'must be base64'],
    ['a lost last character', bytes(24).toString('base64').slice(0, -1), 'it has 23'],
    ['23 bytes', `whsec_${bytes(23).toString('base64')}`, '24 to 64 bytes; it has 23'],
    ['65 bytes', `whsec_${bytes(65).toString('base64')}`, '24 to 64 bytes; it has 65'],
    ['zeros', `whsec_${Buffer.alloc(32).toString('base64')}`, 'can be guessed'],
    ['a private key', `whsk_${bytes(64).toString('base64')}`, 'asymmetric'],
    ['a public key', `whpk_${bytes(32).toString('base64')}`, 'asymmetric'],
  ])('refuses %s', (_, secret, fault) => {
    expect(webhookSecretFault(standard(secret))).toContain(fault);
  });

  it('accepts only secrets with which a pharmacy’s signature verifies', () => {
    const lengths = fc.integer({ min: 24, max: 64 });
    fc.assert(
      fc.property(lengths, (length) => {
        const key = randomBytes(length);
        const padded = key.toString('base64');
        const auth = standard(`whsec_${length % 2 ? padded : padded.replace(/=+$/, '')}`);
        expect(webhookSecretFault(auth)).toBeUndefined();
        const timestamp = String(Math.floor(Date.now() / 1_000));
        const signature = createHmac('sha256', key).update(`m.${timestamp}.{}`).digest('base64');
        const headers = {
          'webhook-id': 'm',
          'webhook-timestamp': timestamp,
          'webhook-signature': `v1,${signature}`,
        };
        expect(isAuthentic(auth, { headers, body: Buffer.from('{}') })).toBe(true);
      }),
    );
  });
});

describe.each<[string, (secret: string) => WebhookAuth, number]>([
  ['x-cv-signature', (secret) => ({ kind: 'x-cv-signature', secret }), 16],
  ['bearer', (token) => ({ kind: 'bearer', token }), 16],
  ['basic', (password) => ({ kind: 'basic', username: 'hooks', password }), 15],
])('%s', (_, auth, least) => {
  const random = 'q7Zt-mB2x_9LkRw4';

  it('accepts a random secret of the least length', () => {
    expect(webhookSecretFault(auth(random.slice(0, least)))).toBeUndefined();
  });

  it('refuses a shorter one, and one that repeats a few characters', () => {
    const fault = webhookSecretFault(auth(random.slice(0, least - 1)));
    expect(fault).toContain(`at least ${least} characters; it has ${least - 1}`);
    expect(fault).not.toContain(random.slice(0, 8));
    expect(webhookSecretFault(auth('ab'.repeat(20)))).toContain('can be guessed');
  });
});

it('refuses a user name with a colon, which ends it', () => {
  const password = 'q7Zt-mB2x_9LkRw4';
  expect(webhookSecretFault({ kind: 'basic', username: 'a:b', password })).toContain('colon');
});

it('has nothing to check for a pharmacy without webhooks', () => {
  expect(webhookSecretFault({ kind: 'none' })).toBeUndefined();
});
