import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, it } from 'vitest';
import { addControlRoutes } from '../../../simulator/control-routes.ts';

type Options = Parameters<typeof addControlRoutes>[1];

const TOKEN = 'a-token-of-the-host';
let app: FastifyInstance;
afterEach(() => app.close());

/** Reads the pharmacies with their secrets. Only what this route uses is there. */
async function ask(call: { token?: string; from: string; authorization?: string }) {
  app = fastify();
  const credentials = new Map([['pharmacy-123', { token: 't', webhookSecret: 'w' }]]);
  const options = { credentials, controlToken: call.token } as Partial<Options> as Options;
  await app.register(async (scope) => addControlRoutes(scope, options));
  const { statusCode } = await app.inject({
    url: '/pharmacies',
    remoteAddress: call.from,
    headers: call.authorization === undefined ? {} : { authorization: call.authorization },
  });
  return statusCode;
}

it('serves callers on this machine without a token', async () => {
  expect(await ask({ token: TOKEN, from: '127.0.0.1' })).toBe(200);
});

it('serves callers elsewhere with the token only', async () => {
  const from = '172.18.0.1';
  expect(await ask({ token: TOKEN, from, authorization: `Bearer ${TOKEN}` })).toBe(200);
  expect(await ask({ token: TOKEN, from, authorization: 'Bearer another' })).toBe(403);
  expect(await ask({ token: TOKEN, from })).toBe(403);
});

it('serves nobody elsewhere when it has no token', async () => {
  expect(await ask({ from: '172.18.0.1', authorization: 'Bearer undefined' })).toBe(403);
});
