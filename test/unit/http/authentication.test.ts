import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { authenticateRequest } from '../../../src/http/authentication.ts';
import { createFailedAttempts } from '../../../src/http/edge/failed-attempts.ts';
import { createErrorHandler } from '../../../src/http/errors/error-responses.ts';
import { createKeptLog } from '../../support/logs.ts';

const BURST = 3;

it('a flood of guesses costs no query each, and a valid key behind it is served', async () => {
  const asked: string[] = [];
  const orders = {
    async authenticate(key: string) {
      asked.push(key);
      if (key !== 'valid') return undefined;
      const state = { burst: 1, remaining: 1, perSecond: 1 };
      return {
        keyId: 'id',
        organizationId: 'organization',
        scopes: [],
        rateLimit: { state: () => state, refuseOwing: () => undefined, charge: () => undefined },
      };
    },
  };
  const log = createKeptLog();
  const app = Fastify().setErrorHandler(createErrorHandler(log)).decorateRequest('caller', null);
  app.addHook(
    'onRequest',
    authenticateRequest(orders, {
      keyFailures: createFailedAttempts({ burst: BURST, perSecond: 0.01 }, log),
      knownKeys: { has: async (key) => key === 'valid' },
    }),
  );
  app.get('/', async () => 'served');
  const statusOf = async (key: string) =>
    (await app.inject({ url: '/', headers: { 'cv-api-key': key } })).statusCode;

  const statuses: number[] = [];
  for (let n = 0; n < 100; n += 1) statuses.push(await statusOf(`guess ${n}`));
  expect(statuses.slice(0, BURST)).toEqual(Array(BURST).fill(401));
  expect(new Set(statuses.slice(BURST))).toEqual(new Set([429]));
  expect(await statusOf('valid')).toBe(200);
  expect(asked).toHaveLength(BURST + 1);
});
