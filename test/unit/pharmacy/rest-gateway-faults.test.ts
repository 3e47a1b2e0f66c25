import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  PharmacyAnswerError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../../../src/pharmacy/pharmacy-errors.ts';
import { createRestGateway } from '../../../src/pharmacy/rest-gateway.ts';
import { LOOPBACK } from '../../support/foreign.ts';
import {
  errorOf,
  type FakePharmacy,
  json,
  ORDER,
  REQUEST,
  startFakePharmacy,
  text,
  unaborted,
} from './fake-pharmacy.ts';

const TOKEN = 'synthetic-token';
/** Stands for patient data in an answer; short, because parsers quote short texts completely. */
const PRIVATE = 'Sam Sample';

let pharmacy: FakePharmacy;

beforeEach(async () => {
  pharmacy = await startFakePharmacy();
});
afterEach(() => pharmacy.close());

const gateway = (timeoutMs = 5_000) =>
  createRestGateway({ baseUrl: pharmacy.url, token: TOKEN, timeoutMs, foreign: LOOPBACK });
const getError = (timeoutMs?: number) => errorOf(gateway(timeoutMs).get('ph-1', unaborted()));

describe('a pharmacy that is unavailable', () => {
  it.each([408, 423, 425, 429, 500, 502, 503, 504, 599])('is retried after %i', async (status) => {
    pharmacy.answer(text(status, PRIVATE));
    const error = await getError();
    expect(error).toBeInstanceOf(PharmacyUnavailableError);
    expect(error).toMatchObject({ code: `PHARMACY_HTTP_${status}`, retryAfterMs: undefined });
  });

  it.each([429, 503])('may set Retry-After with %i', async (status) => {
    pharmacy.answer(text(status, '', { 'retry-after': '7' }));
    expect(await getError()).toMatchObject({ retryAfterMs: 7_000 });
  });

  it('may set Retry-After as a date', async () => {
    const date = new Date(Date.now() + 20 * 60_000).toUTCString();
    pharmacy.answer(text(429, '', { 'retry-after': date }));
    const { retryAfterMs } = (await getError()) as PharmacyUnavailableError;
    expect(retryAfterMs).toBeGreaterThan(15 * 60_000);
    expect(retryAfterMs).toBeLessThanOrEqual(20 * 60_000);
  });

  it('is retried when it refuses the connection', async () => {
    await pharmacy.close();
    expect(await getError()).toMatchObject({ code: 'PHARMACY_ECONNREFUSED' });
  });

  it('is retried when it drops the connection before it answers', async () => {
    pharmacy.answer((response) => response.socket?.destroy());
    expect(await getError()).toBeInstanceOf(PharmacyUnavailableError);
  });

  it('is retried when it resets the connection in its answer', async () => {
    pharmacy.answer((response) => {
      response.writeHead(200, { 'content-length': 500 });
      response.write('{"id":"ph-1",', () => response.socket?.resetAndDestroy());
    });
    expect(await getError()).toBeInstanceOf(PharmacyUnavailableError);
  });
});

describe('an answer that cannot be read', () => {
  it.each([
    ['an HTML page', text(200, `<html>${PRIVATE}</html>`), 'body'],
    ['nothing', text(200, ''), 'body'],
    ['half an order', text(200, '{"id":"ph-1","refer'), 'body'],
    ['null', json(200, null), 'body'],
    ['a text', json(200, PRIVATE), 'body'],
    ['a list with null', json(200, [null]), 'body'],
    ['an order without an id', json(200, { ...ORDER, id: undefined }), 'id'],
    ['an id that is an object', json(200, { ...ORDER, id: {} }), 'id'],
    ['a blank id', json(200, { ...ORDER, id: ' ' }), 'id'],
    ['an id that Postgres cannot store', json(200, { ...ORDER, id: 'ph\0' }), 'id'],
    ['an empty list', json(200, []), 'id'],
    ['a list of other orders', json(200, [{ id: 'ph-2' }, { id: 'ph-3' }]), 'id'],
    ['an error with status 200', json(200, { success: false, error: { code: 'NO' } }), 'id'],
  ])('is a bad answer with the name of its field: %s', async (_, answer, field) => {
    pharmacy.answer(answer);
    const error = await getError();
    expect(error).toBeInstanceOf(PharmacyAnswerError);
    expect(error).toMatchObject({ code: 'PHARMACY_BAD_ANSWER', field });
  });

  it('is a bad answer if it is larger than 4 MiB, even if it never ends', async () => {
    const closed = new Promise<void>((resolve) => {
      pharmacy.answer((response) => {
        response.on('close', resolve);
        response.writeHead(200, { 'content-type': 'application/json' });
        const more = () => {
          while (response.write(' '.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      });
    });
    expect(await getError()).toEqual(new PharmacyAnswerError('PHARMACY_ANSWER_TOO_LARGE'));
    await closed;
  });

  it('is a bad answer if its many empty arrays would take a hundred times its size in memory', async () => {
    const body = `[${'[],'.repeat(1_000_000)}[]]`;
    pharmacy.answer((response) => response.end(body));
    expect(await getError()).toEqual(new PharmacyAnswerError('PHARMACY_ANSWER_TOO_LARGE'));
  });

  it('is a bad answer if it is larger than 4 MiB once it is decompressed', async () => {
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024, ' '));
    expect(bomb.length).toBeLessThan(10_000);
    pharmacy.answer((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(bomb);
    });
    expect(await getError()).toEqual(new PharmacyAnswerError('PHARMACY_ANSWER_TOO_LARGE'));
    expect(pharmacy.seen[0]?.headers['accept-encoding']).toBe('identity');
  });
});

describe('a pharmacy that hangs', () => {
  it('times out when no answer begins', async () => {
    pharmacy.answer(() => {});
    expect(await getError(100)).toMatchObject({ code: 'PHARMACY_TIMEOUT' });
  });

  it('times out when its answer does not end', async () => {
    pharmacy.answer((response) => {
      response.writeHead(200, { 'content-length': 500 });
      response.write('{"id":"ph-1",');
    });
    expect(await getError(100)).toMatchObject({ code: 'PHARMACY_TIMEOUT' });
  });

  it('is abandoned when the caller aborts', async () => {
    const caller = new AbortController();
    pharmacy.answer(() => caller.abort(new Error('cancelled')));
    await expect(gateway(60_000).place(REQUEST, caller.signal)).rejects.toThrow();
    expect(pharmacy.seen).toHaveLength(1);
  });

  it('is not called if the caller has already aborted', async () => {
    pharmacy.answer(json(201, ORDER));
    await expect(gateway().place(REQUEST, AbortSignal.abort())).rejects.toThrow();
    expect(pharmacy.seen).toEqual([]);
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('with %i is a fault and is not followed', async (status) => {
    const elsewhere = await startFakePharmacy();
    try {
      elsewhere.answer(json(201, ORDER));
      pharmacy.answer(text(status, '', { location: `${elsewhere.url}/orders` }));
      const error = await errorOf(gateway().place(REQUEST, unaborted()));
      expect(error).toEqual(new PharmacyFaultError(`PHARMACY_HTTP_${status}`));
      expect(pharmacy.seen).toHaveLength(1);
      expect(elsewhere.seen).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });
});

describe('errors', () => {
  const shown = (error: unknown) => inspect(error, { depth: Infinity, showHidden: true });

  it.each([400, 401, 404, 408, 422, 429, 500])(
    'quote nothing from an answer with %i',
    async (status) => {
      pharmacy.answer(text(status, PRIVATE, { 'x-note': PRIVATE }));
      const error = shown(await errorOf(gateway().place(REQUEST, unaborted())));
      expect(error).not.toContain(PRIVATE);
      expect(error).not.toContain(TOKEN);
    },
  );

  it('quote nothing from an answer that is not JSON or not an order', async () => {
    const unreadable = [
      text(200, PRIVATE),
      json(200, { [PRIVATE]: PRIVATE, reference: PRIVATE, status: PRIVATE }),
      json(200, { ...ORDER, id: { [PRIVATE]: PRIVATE } }),
      json(200, { ...ORDER, id: `\0${PRIVATE}` }),
      json(200, { ...ORDER, id: PRIVATE }),
    ];
    for (const answer of unreadable) {
      pharmacy.answer(answer);
      expect(shown(await getError())).not.toContain(PRIVATE);
    }
  });

  it('quote nothing from an answer that is not HTTP', async () => {
    pharmacy.answer((response) => response.socket?.end(`${PRIVATE}\r\n\r\n`));
    const error = await getError();
    expect(error).toBeInstanceOf(PharmacyUnavailableError);
    expect(shown(error)).not.toContain(PRIVATE);
  });

  it('quote nothing from a token that is not valid in a header', async () => {
    const broken = createRestGateway({
      baseUrl: pharmacy.url,
      token: 'broken\nsecret-half',
      timeoutMs: 5_000,
      foreign: LOOPBACK,
    });
    const error = await errorOf(broken.get('ph-1', unaborted()));
    expect(shown(error)).not.toContain('secret-half');
  });
});
