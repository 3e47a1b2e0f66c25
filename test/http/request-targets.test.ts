import { METHODS } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answersIn, orderBytes, sendRaw } from '../support/raw-http.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../support/test-api.ts';

/* The tests write requests to the socket, because a client library would normalize their targets. */

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

/** Places an order with a target made from the case's id. Returns status, error and stored orders. */
async function outcome(target: (caseId: string) => string, method = 'POST') {
  const before = await api.count('orders');
  const line = `${method} ${target(api.organization.caseId)} HTTP/1.1`;
  const [answer, ...more] = answersIn(await sendRaw(api.app.url, orderBytes(api, { line })));
  expect(more).toEqual([]);
  return [answer?.status, answer?.json.error, (await api.count('orders')) - before];
}

describe('the path of an order', () => {
  it.each<[what: string, target: (id: string) => string]>([
    ['with a digit or letter of the id encoded', (id) => `/api/v1/cases/${encoded(id)}`],
    ['with a letter of the route encoded', (id) => `/api/v1/c%61ses/${id}`],
    ['with an unknown query', (id) => `/api/v1/cases/${id}?a=b&a=%zz&&=`],
    ['with an empty query', (id) => `/api/v1/cases/${id}?`],
    ['in absolute form', (id) => `http://127.0.0.1/api/v1/cases/${id}`],
    [
      'in absolute form with another host',
      (id) => `HTTPS://orders.example.com:1/api/v1/cases/${id}`,
    ],
  ])('%s places the order', async (_what, target) => {
    expect(await outcome(target)).toEqual([200, undefined, 1]);
  });

  it.each<[what: string, target: (id: string) => string]>([
    ['with .. in it', (id) => `/api/v1/cases/../cases/${id}`],
    ['with . in it', (id) => `/api/v1/./cases/${id}`],
    ['with encoded dots', (id) => `/api/v1/%2e%2e/v1/cases/${id}`],
    ['with a double slash before it', (id) => `//api/v1/cases/${id}`],
    ['with a double slash in it', (id) => `/api/v1/cases//${id}`],
    ['with a slash after it', (id) => `/api/v1/cases/${id}/`],
    ['with an encoded slash of the route', (id) => `/api/v1%2Fcases/${id}`],
    ['in upper case', (id) => `/API/V1/CASES/${id}`],
    ['with a backslash', (id) => `/api/v1\\cases\\${id}`],
    ['of another scheme', (id) => `ftp://127.0.0.1/api/v1/cases/${id}`],
    ['that is only a host', () => 'http://127.0.0.1'],
  ])('%s is an unknown route', async (_what, target) => {
    expect(await outcome(target)).toEqual([404, 'no such route', 0]);
  });

  it.each<[what: string, target: (id: string) => string]>([
    ['an encoded slash', (id) => `/api/v1/cases/x%2F${id}`],
    ['an encoded NUL', (id) => `/api/v1/cases/${id}%00`],
    ['encoded white space', (id) => `/api/v1/cases/${id}%20`],
    ['dots', () => '/api/v1/cases/..'],
    ['a parameter of its own', (id) => `/api/v1/cases/${id};a=b`],
    [
      'digits that are encoded twice',
      (id) => `/api/v1/cases/${encoded(id).replaceAll('%', '%25')}`,
    ],
    ['upper case', (id) => `/api/v1/cases/${id.toUpperCase()}`],
    ['nothing', () => '/api/v1/cases/'],
  ])('with %s in the id is another case', async (_what, target) => {
    expect(await outcome(target)).toEqual([403, 'Permission denied', 0]);
  });

  it.each(['%', '%z', '%zz', '%1', '%u0041', '%ff', '%c0%af', '%ed%a0%80'])(
    'with %s in the id gets 400',
    async (broken) => {
      expect(await outcome((id) => `/api/v1/cases/${id}${broken}`)).toEqual([
        400,
        'the URL is malformed',
        0,
      ]);
    },
  );

  it.each([
    ['a space', ' x'],
    ['a letter that is not encoded', '\xe9'],
    ['DEL', '\x7f'],
  ])('with %s in the id is not valid HTTP', async (_what, character) => {
    expect(await outcome((id) => `/api/v1/cases/${id}${character}`)).toEqual([
      400,
      'the request is not valid HTTP',
      0,
    ]);
  });

  it('is accepted up to the size limit of the head, and refused beyond it', async () => {
    expect(await outcome((id) => `/api/v1/cases/${id}?${'q'.repeat(16_000)}`)).toEqual([
      200,
      undefined,
      1,
    ]);
    expect(await outcome((id) => `/api/v1/cases/${id}?${'q'.repeat(17_000)}`)).toEqual([
      431,
      'the headers are too large',
      0,
    ]);
  });
});

function encoded(text: string): string {
  return text.replaceAll(/[0-9a-f]/g, (digit) => `%${digit.charCodeAt(0).toString(16)}`);
}

describe('the method', () => {
  /** The methods that Node parses, without CONNECT, which opens a tunnel. */
  const OTHERS = METHODS.filter((method) => !['POST', 'PUT', 'CONNECT'].includes(method));
  const REFUSED = ['GET', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'];

  it.each(REFUSED)('%s on an order’s path gets 405, even with a body', async (method) => {
    const line = `${method} /api/v1/cases/${api.organization.caseId} HTTP/1.1`;
    const received = await sendRaw(api.app.url, orderBytes(api, { line }));
    const head = received.slice(0, received.indexOf('\r\n\r\n') + 4);

    expect(head).toMatch(/^HTTP\/1\.1 405 /);
    expect(head).toMatch(/^allow: POST, PUT\r$/im);
    if (method === 'HEAD') expect(received).toBe(head);
    else expect(answersIn(received)).toMatchObject([{ json: { error: 'method not allowed' } }]);
  });

  it.each(OTHERS.filter((method) => !REFUSED.includes(method)))(
    '%s, which no path supports, gets 404',
    async (method) => {
      const target = (id: string) => `/api/v1/cases/${id}`;

      expect(await outcome(target, method)).toEqual([404, 'no such route', 0]);
    },
  );

  it.each(['FOO', 'post', 'Post', 'POSTS', 'PO ST', '', '\x00POST'])(
    '%j is not valid HTTP',
    async (method) => {
      expect(await outcome((id) => `/api/v1/cases/${id}`, method)).toEqual([
        400,
        'the request is not valid HTTP',
        0,
      ]);
    },
  );

  it('CONNECT gets no response', async () => {
    const bytes = 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n';

    expect(await sendRaw(api.app.url, bytes)).toBe('');
  });
});

it('a GET ignores its body, and the next request is read after the body', async () => {
  const body = JSON.stringify(exampleWithoutKey());
  const path = `/api/v1/cases/${api.organization.caseId}/orders?limit=1`;
  const get = orderBytes(api, { line: `GET ${path} HTTP/1.1`, body }).replace(
    'Connection: close\r\n',
    '',
  );
  const big = orderBytes(api, { line: `GET ${path} HTTP/1.1`, body: 'x'.repeat(2_000_000) });

  const answers = answersIn(await sendRaw(api.app.url, get + get + big));

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
});

describe('the query of a list', () => {
  const LISTS = ['/api/v1/orders', () => `/api/v1/cases/${api.organization.caseId}/orders`];
  const LIMIT = 'limit must be an integer from 1 to 200';

  it.each([
    '?',
    '?&&',
    '?=',
    '?unknown=1&unknown=2',
    '?LIMIT=0',
    '?__proto__=1&constructor=2',
    '?unknown=%zz',
    '?limit=200&',
  ])('%s changes nothing', async (query) => {
    for (const list of LISTS) {
      const path = typeof list === 'string' ? list : list();
      const answer = await api.get(path + query);

      expect(answer.status).toBe(200);
      expect(answer.json).toEqual((await api.get(path)).json);
    }
  });

  it.each([
    ['?limit=', LIMIT],
    ['?limit', LIMIT],
    ['?limit=%zz', LIMIT],
    ['?limit=+1', LIMIT],
    ['?limit=1.0', LIMIT],
    ['?limit=1&limit=1', 'limit must be a string'],
    ['?limit[]=1&limit[]=2&limit=0', LIMIT],
    ['?status=ACCEPTED&status=ACCEPTED', /^status must be one of ACCEPTED, /],
    ['?status=', /^status must be one of ACCEPTED, /],
    ['?status=accepted', /^status must be one of ACCEPTED, /],
    ['?status=__proto__', /^status must be one of ACCEPTED, /],
    ['?cursor=', 'cursor must be a nextCursor of this list'],
    ['?cursor=a&cursor=b', 'cursor must be a string'],
  ])('%s gets 400', async (query, error) => {
    for (const list of LISTS) {
      const answer = await api.get((typeof list === 'string' ? list : list()) + query);

      expect(answer.status).toBe(400);
      expect(answer.json.error).toEqual(
        typeof error === 'string' ? error : expect.stringMatching(error),
      );
    }
  });
});
