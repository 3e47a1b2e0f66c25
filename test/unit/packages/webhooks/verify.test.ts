import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type VerifyOptions,
  verifyWebhook,
  type WebhookEvent,
  type WebhookHeaders,
  WebhookVerificationError,
} from '../../../../packages/webhooks/src/index.ts';
import { newSecret, signaturesOf } from '../../../../src/notifications/sending/signatures.ts';

const NOW_S = 1_750_000_000;
const now = NOW_S * 1_000;
const SECRET = newSecret();
const EVENT = { event: 'PING', payload: { endpoint: { id: 'endpoint-1' } } };
const BODY = JSON.stringify(EVENT);

type Headers_ = Record<string, string | string[] | undefined>;

function sign(body = BODY, secrets: [string, ...string[]] = [SECRET], timestamp = NOW_S) {
  return signaturesOf({ id: 'msg_1', timestamp, body, secrets });
}

/** Only what a receiver written for the original looks at. */
function plainOnly(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-cv-')));
}

const UNTIMED = { requireTimestamp: false };

interface Receiver extends VerifyOptions {
  readonly body?: string | Uint8Array;
  readonly secrets?: string | string[];
}

/** The event, or the code of the refusal. */
function outcome(
  headers: WebhookHeaders,
  { body = BODY, secrets = SECRET, ...options }: Receiver = {},
): unknown {
  try {
    return verifyWebhook(body, headers, secrets, { now, ...options });
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.code;
    throw error;
  }
}

describe('a genuine webhook', () => {
  it('is read, as text and as bytes', () => {
    expect(outcome(sign())).toEqual(EVENT);
    expect(outcome(sign(), { body: Buffer.from(BODY) })).toEqual(EVENT);
    expect(outcome(sign(), { body: new TextEncoder().encode(BODY) })).toEqual(EVENT);
  });

  it('is read whatever holds its headers, and in whatever case', () => {
    const upper = Object.entries(sign()).map(([name, value]) => [name.toUpperCase(), value]);
    expect(outcome(new Headers(sign()))).toEqual(EVENT);
    expect(outcome(Object.fromEntries(upper))).toEqual(EVENT);
    expect(outcome({ ...sign(), cookie: ['a', 'b'], host: undefined })).toEqual(EVENT);
    const arrays = Object.entries(sign()).map(([name, value]) => [name, [value]]);
    expect(outcome(Object.fromEntries(arrays))).toEqual(EVENT);
  });

  it('is what the library of Standard Webhooks signs', () => {
    fc.assert(
      fc.property(fc.json(), (value) => {
        const body = `{"event":"LATER","payload":${value}}`;
        const signature = new Webhook(SECRET).sign('msg_2', new Date(now), body);
        const headers = {
          'webhook-id': 'msg_2',
          'webhook-timestamp': String(NOW_S),
          'webhook-signature': signature,
        };
        expect(outcome(headers, { body })).toEqual(JSON.parse(body));
      }),
    );
  });

  it('may carry signatures of other schemes and other secrets', () => {
    const { 'webhook-signature': own, ...others } = sign();
    const foreign = 'v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=';
    const signature = `v1a,AAAA ${foreign} v2,x ${own} ${foreign}`;
    expect(outcome({ ...others, 'webhook-signature': signature })).toEqual(EVENT);
  });

  it('that somebody recorded and sends again does not pass by x-cv-signature alone', () => {
    const replayed = plainOnly(sign());
    expect(outcome(replayed)).toBe('missing_headers');
    expect(outcome(replayed, { requireTimestamp: true })).toBe('missing_headers');
    expect(outcome(replayed, { requireTimestamp: undefined } as object)).toBe('missing_headers');
    expect(outcome(replayed, { toleranceSeconds: 1e9 })).toBe('missing_headers');
  });

  it('passes by x-cv-signature alone for a receiver that requires no timestamp', () => {
    expect(outcome(plainOnly(sign()), UNTIMED)).toEqual(EVENT);
  });

  it('tells its kind to the compiler', () => {
    const read = (event: WebhookEvent): string => {
      switch (event.event) {
        case 'ORDER_TRACKING_ADDED':
          return event.order.trackingId;
        case 'ADD_CASE_ATTACHMENT':
        case 'DELETE_ATTACHMENT':
          return event.payload.attachment.sha256;
        case 'ORDER_CREATED':
        case 'ORDER_STATUS_CHANGED':
          return event.order.status;
        case 'ENDPOINT_DISABLED':
          return event.payload.endpoint.reason;
        case 'PING':
          return event.payload.endpoint.id;
      }
    };
    expectTypeOf(verifyWebhook).returns.toEqualTypeOf<WebhookEvent>();
    expect(read(verifyWebhook(BODY, sign(), SECRET, { now }))).toBe('endpoint-1');
  });
});

describe('while a secret rotates', () => {
  const [old, next, other] = [newSecret(), newSecret(), newSecret()];
  const both = sign(BODY, [next, old]);

  it.each<[string, string | string[]]>([
    ['the old secret', old],
    ['the new secret', next],
    ['both', [old, next]],
    ['one of three', [other, next]],
  ])('a receiver with %s verifies either signature', (_, secrets) => {
    expect(outcome(both, { secrets })).toEqual(EVENT);
    expect(outcome(plainOnly(both), { ...UNTIMED, secrets })).toEqual(EVENT);
  });

  it('a receiver with neither refuses both', () => {
    expect(outcome(both, { secrets: other })).toBe('bad_signature');
    expect(outcome(plainOnly(both), { ...UNTIMED, secrets: [other] })).toBe('bad_signature');
  });

  it('a receiver with the old secret alone refuses what is signed after the overlap', () => {
    expect(outcome(sign(BODY, [next]), { secrets: old })).toBe('bad_signature');
  });
});

describe('a flipped bit', () => {
  const flip = (bytes: Buffer, bit: number): Buffer => {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return flipped;
  };

  it('anywhere in the body is refused, by either signature', () => {
    const bytes = Buffer.from(BODY);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const body = flip(bytes, bit);
      expect(outcome(sign(), { body })).toBe('bad_signature');
      expect(outcome(plainOnly(sign()), { ...UNTIMED, body })).toBe('bad_signature');
    }
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'anywhere in %s is refused',
    (name) => {
      const headers = sign();
      const bytes = Buffer.from(headers[name] ?? '', 'latin1');
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const value = flip(bytes, bit).toString('latin1');
        expect(outcome({ ...headers, [name]: value })).toBe('bad_signature');
      }
    },
  );

  it('anywhere in x-cv-signature is refused', () => {
    const bytes = Buffer.from(sign()['x-cv-signature'] ?? '', 'latin1');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const value = flip(bytes, bit).toString('latin1');
      expect(outcome({ 'x-cv-signature': value }, UNTIMED)).toBe('bad_signature');
    }
  });

  it('in the secret is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), (bytes) => {
        const secrets = `whsec_${Buffer.from(bytes).toString('base64')}`;
        expect(outcome(sign(), { secrets })).toBe('bad_signature');
        expect(outcome(plainOnly(sign()), { ...UNTIMED, secrets })).toBe('bad_signature');
      }),
    );
  });
});

describe('headers', () => {
  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'without %s are refused, though x-cv-signature is right',
    (name) => {
      expect(outcome({ ...sign(), [name]: undefined })).toBe('missing_headers');
    },
  );

  it('with a wrong standard signature are refused, though x-cv-signature is right', () => {
    for (const signature of [
      '',
      'v1,',
      'v1',
      'v2,x',
      sign(BODY, [newSecret()])['webhook-signature'],
    ]) {
      expect(outcome({ ...sign(), 'webhook-signature': signature })).toBe('bad_signature');
    }
  });

  it('without any signature are refused', () => {
    expect(outcome({})).toBe('missing_headers');
    expect(outcome(new Headers())).toBe('missing_headers');
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature', 'x-cv-signature'])(
    'with %s twice are refused, however they are held',
    (name) => {
      const headers = name === 'x-cv-signature' ? plainOnly(sign()) : sign();
      const value = headers[name] ?? '';
      const twice: Headers_[] = [
        { ...headers, [name]: [value, value] },
        { ...headers, [name]: [value, 'x'] },
        { ...headers, [name.toUpperCase()]: value },
      ];
      for (const each of twice) expect(outcome(each, UNTIMED)).toBe('missing_headers');
      const joined = new Headers(headers);
      joined.append(name, 'x');
      expect(outcome(joined, UNTIMED)).toBe('bad_signature');
    },
  );
});

describe('the timestamp', () => {
  it.each([
    [-301, 'too_old'],
    [-300, EVENT],
    [0, EVENT],
    [300, EVENT],
    [301, 'too_new'],
  ])('%i s off gives %j', (seconds, expected) => {
    expect(outcome(sign(BODY, [SECRET], NOW_S + seconds))).toEqual(expected);
  });

  it('is tolerated as far as the receiver says', () => {
    fc.assert(
      fc.property(fc.integer({ min: -2_000, max: 2_000 }), fc.nat(1_000), (off, tolerance) => {
        const expected = off < -tolerance ? 'too_old' : off > tolerance ? 'too_new' : EVENT;
        const headers = sign(BODY, [SECRET], NOW_S + off);
        expect(outcome(headers, { toleranceSeconds: tolerance })).toEqual(expected);
      }),
    );
    expect(outcome(sign(), { toleranceSeconds: Number.NaN })).toBe('too_old');
  });

  it.each([Number.NaN, -1, 1.5, 1e15])('that is %d is none, though it is signed', (timestamp) => {
    expect(outcome(sign(BODY, [SECRET], timestamp))).toBe('missing_headers');
  });

  it('is judged after the signature', () => {
    expect(outcome(sign(BODY, [newSecret()], 0))).toBe('bad_signature');
  });
});

it.each(['', 'x', '[]', 'null', '1', '"PING"', '{}', '{"event":1}', '{"event":"PING"'])(
  'refuses the authentic body %j',
  (body) => {
    expect(outcome(sign(body), { body })).toBe('bad_body');
  },
);

it('refuses an authentic body that is no UTF-8', () => {
  const body = Buffer.concat([Buffer.from('{"event":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  const signed = signaturesOf({
    id: 'msg_1',
    timestamp: NOW_S,
    body: body as unknown as string,
    secrets: [SECRET],
  });
  expect(outcome(signed, { body })).toBe('bad_body');
});

it.each([[''], [[]], [['']], [[SECRET, '']], ['whsec_'], ['synthetic'], ['whsec_c2hvcnQ=']])(
  'takes %j for no secrets: with them anyone could sign',
  (secrets) => {
    expect(() => outcome(sign(), { secrets })).toThrow(TypeError);
  },
);

it('never fails in any other way', () => {
  const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.constant(undefined));
  const names = fc.constantFrom(...Object.keys(sign()), 'get', 'x');
  fc.assert(
    fc.property(fc.string(), fc.dictionary(names, value), (body, headers) => {
      expect(['missing_headers', 'bad_signature']).toContain(outcome(headers, { body }));
    }),
  );
});
