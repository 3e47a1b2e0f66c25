import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Door, openDoor } from '../../support/door.ts';
import { answersIn, orderBytes, sendRaw } from '../../support/raw-http.ts';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

/** The time limit of a request's head, the second in which it is looked at, and some for the machine. */
const LATEST_MS = 20_000;

it('a client that does not finish its headers in 10 s gets 408, and others are served meanwhile', async () => {
  const started = performance.now();
  const cut = orderBytes(door).indexOf('Content-Type');
  const slow = sendRaw(door.app.url, orderBytes(door).slice(0, cut), { silenceMs: LATEST_MS });

  expect((await door.send('GET', '/healthz')).status).toBe(200);
  const answers = answersIn(await slow);

  expect(answers).toMatchObject([{ status: 408, json: { error: 'the request took too long' } }]);
  expect(performance.now() - started).toBeGreaterThan(9_900);
  expect(await door.count('orders')).toBe(0);
  expect((await door.send('GET', '/healthz')).status).toBe(200);
});
