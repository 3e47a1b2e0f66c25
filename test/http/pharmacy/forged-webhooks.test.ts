import { createHmac, randomUUID } from 'node:crypto';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addPharmacy, createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

const FORGED = 10_000;
/** The number of forged messages per authentic one. */
const FORGED_PER_TRUE = 100;
const CONNECTIONS = 16;

/** Header lines as sent: unlike in an object, a name may repeat. */
type Lines = readonly (readonly [name: string, value: string])[];
interface Sent {
  readonly pharmacyId: string;
  readonly headers: Lines;
  readonly body: string | Buffer;
}
interface Answer {
  readonly status: number;
  readonly text: string;
}

const UNAUTHORIZED: Answer = {
  status: 401,
  text: '{"status":401,"success":false,"message":"Invalid request","error":"Unauthorized"}',
};

const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
let api: TestApi;
let pharmacy: TestPharmacy;
let other: TestPharmacy;
let orderId: string;
/** Pharmacies with other authentication than a Standard Webhooks signature. */
const [cv, basic, bearer] = [randomUUID(), randomUUID(), randomUUID()];

beforeAll(async () => {
  api = await startTestApi();
  pharmacy = await createPharmacy(api.database);
  other = await createPharmacy(api.database);
  await addPharmacy(api.database, cv, { kind: 'x-cv-signature', secret: 'cv-secret' });
  await addPharmacy(api.database, basic, { kind: 'basic', username: 'u', password: 'secret' });
  await addPharmacy(api.database, bearer, { kind: 'bearer', token: 'secret' });
  const example = exampleWithoutKey();
  const order = { ...example.order, pharmacyId: pharmacy.id };
  orderId = (await api.place({ ...example, order })).json.data.order.id;
});
afterAll(async () => {
  agent.destroy();
  await api.close();
});

/** Authentic messages say “completed”, forged ones “rejected”, so that the timeline shows a breach. */
function messageOf(type: 'order.completed' | 'order.rejected'): string {
  return JSON.stringify({ type, data: { id: `ph-${randomUUID()}`, reference: orderId } });
}

function signed(by: TestPharmacy, body: string, at = new Date()): Lines {
  return Object.entries(by.sign(body, { at }));
}

function replaced(lines: Lines, name: string, change: (value: string) => string): Lines {
  return lines.map(([key, value]) => [key, key === name ? change(value) : value]);
}

function minutesAway(minutes: number): Date {
  return new Date(Date.now() + minutes * 60_000);
}

/** How each forgery changes a message; for our pharmacy unless it names another one. */
const KINDS: Readonly<Record<string, (body: string, n: number) => Partial<Sent>>> = {
  'an unknown key': (body) => ({
    headers: replaced(signed(pharmacy, body), 'webhook-signature', () => {
      return `v1,${Buffer.from(randomUUID().slice(0, 32)).toString('base64')}`;
    }),
  }),
  'another pharmacy’s key': (body) => ({ headers: signed(other, body) }),
  'a body with one changed bit': (body, n) => {
    const altered = Buffer.from(body);
    const at = n % altered.length;
    altered.writeUInt8(altered.readUInt8(at) ^ (1 << (n % 8)), at);
    return { headers: signed(pharmacy, body), body: altered };
  },
  'an old timestamp': (body, n) => ({ headers: signed(pharmacy, body, minutesAway(-6 - n)) }),
  'a future timestamp': (body, n) => ({ headers: signed(pharmacy, body, minutesAway(6 + n)) }),
  'a fresh timestamp on an old signature': (body) => ({
    headers: replaced(signed(pharmacy, body, minutesAway(-6)), 'webhook-timestamp', () => {
      return String(Math.floor(Date.now() / 1_000));
    }),
  }),
  'a timestamp with a valid beginning': (body) => ({
    headers: replaced(signed(pharmacy, body), 'webhook-timestamp', (time) => `${time}.5`),
  }),
  'a repeated header': (body, n) => {
    const lines = signed(pharmacy, body);
    // All but the content type, which is not authenticated.
    const twice = lines[1 + (n % (lines.length - 1))]!;
    return { headers: [...lines, twice] };
  },
  'a second signature in another header': (body) => {
    return { headers: [...signed(pharmacy, body), ['webhook-signature', 'v1,AAAA']] };
  },
  'a truncated body': (body, n) => ({
    headers: signed(pharmacy, body),
    body: body.slice(0, n % body.length),
  }),
  'a truncated signature': (body, n) => ({
    headers: replaced(signed(pharmacy, body), 'webhook-signature', (value) => {
      return value.slice(0, n % value.length);
    }),
  }),
  'a missing header': (body, n) => {
    const lines = signed(pharmacy, body);
    return { headers: lines.toSpliced(1 + (n % (lines.length - 1)), 1) };
  },
  'the signature of another message': () => ({
    headers: signed(pharmacy, messageOf('order.rejected')),
  }),
  'another id than the signed one': (body) => ({
    headers: replaced(signed(pharmacy, body), 'webhook-id', () => `msg_${randomUUID()}`),
  }),
  'a wrong x-cv-signature': (_, n) => ({
    pharmacyId: cv,
    headers: [['x-cv-signature', n.toString(16).padStart(64, '0')]],
  }),
  'a wrong password': (_, n) => ({
    pharmacyId: basic,
    headers: [['authorization', `Basic ${btoa(`u:${n}`)}`]],
  }),
  'a wrong token and the right one': (_, n) => ({
    pharmacyId: bearer,
    headers: [
      ['authorization', 'Bearer secret'],
      ['authorization', `Bearer ${n}`],
    ],
  }),
};

/** Authentic messages of the two pharmacies, whose signatures cover an id, or the body only. */
function trueMessage(body: string): Sent {
  return { pharmacyId: pharmacy.id, headers: signed(pharmacy, body), body };
}
function trueMessageWithoutTime(body: string): Sent {
  const signature = createHmac('sha256', 'cv-secret').update(body).digest('hex');
  return { pharmacyId: cv, headers: [['x-cv-signature', signature]], body };
}

const MOST_ATTEMPTS = 20;

/** Sends a message and returns the answer. A pharmacy repeats it while Postgres does not answer in time (503). */
async function send(sent: Sent): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await sendOnce(sent);
    if (answer.status !== 503 || attempt === MOST_ATTEMPTS) return answer;
    await sleep(500);
  }
}

async function sendOnce({ pharmacyId, headers, body }: Sent): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const request = http.request(`${api.app.url}/webhooks/pharmacies/${pharmacyId}`, {
      method: 'POST',
      agent,
      headers: [['Host', '127.0.0.1'], ['Content-Length', `${Buffer.byteLength(body)}`], ...headers]
        .flat()
        .map(String),
    });
    request.on('error', reject).on('response', (response) => {
      text(response).then((body) => resolve({ status: response.statusCode!, text: body }), reject);
    });
    request.end(body);
  });
}

it(`${FORGED} forged or replayed webhooks change nothing, and authentic ones between them are stored`, async () => {
  const kinds = Object.entries(KINDS);
  const truths: Sent[] = [];
  const seen = { forged: 0, replayed: 0, accepted: [] as string[] };

  async function sendTrue(n: number): Promise<void> {
    const body = messageOf('order.completed');
    const sent = n % 2 === 0 ? trueMessage(body) : trueMessageWithoutTime(body);
    expect((await send(sent)).status).toBe(202);
    truths.push(sent);
  }

  /** Gets the same answer as the message, because the pharmacy may have lost our answer. */
  async function replay(n: number): Promise<void> {
    const sent = truths[n % truths.length]!;
    // An attacker can choose an id that no signature covers.
    const headers: Lines = sent.pharmacyId === cv ? [['webhook-id', `msg_${randomUUID()}`]] : [];
    expect((await send({ ...sent, headers: [...sent.headers, ...headers] })).status).toBe(202);
    seen.replayed += 1;
  }

  async function sendForged(n: number): Promise<void> {
    const round = Math.floor(n / (kinds.length + 1));
    const [kind, forge] = kinds[n % (kinds.length + 1)] ?? [];
    if (kind === undefined || forge === undefined) return await replay(round);
    const body = messageOf('order.rejected');
    const answer = await send({ ...trueMessage(body), ...forge(body, round) });
    if (answer.status < 400) seen.accepted.push(kind);
    else expect(answer).toEqual(UNAUTHORIZED);
    seen.forged += 1;
  }

  let next = 0;
  async function sendInTurn(): Promise<void> {
    while (next < FORGED) {
      const n = next;
      next += 1;
      if (n % FORGED_PER_TRUE === 0) await sendTrue(n / FORGED_PER_TRUE);
      await sendForged(n);
    }
  }
  // Both kinds of authentic message exist before any is replayed.
  await sendTrue(0);
  await sendTrue(1);
  await Promise.all(Array.from({ length: CONNECTIONS }, sendInTurn));

  console.info(
    `webhooks: ${seen.forged} forged, ${seen.replayed} replayed, ${truths.length} true; ` +
      `${seen.accepted.length} forged ones accepted`,
  );
  expect([...new Set(seen.accepted)]).toEqual([]);
  expect(seen.forged + seen.replayed).toBe(FORGED);
  expect(truths).toHaveLength(2 + FORGED / FORGED_PER_TRUE);
  expect(await api.count('inbox')).toBe(truths.length);
  const types = await api.database`SELECT DISTINCT type FROM inbox`;
  expect(types.map(({ type }) => type)).toEqual(['completed']);
  const activity = await api.database`SELECT event FROM order_activity WHERE actor = 'pharmacy'`;
  expect(activity.map(({ event }) => event)).toEqual(['PHARMACY_MESSAGE']);
  const outbox = await api.database`SELECT kind FROM outbox ORDER BY id`;
  expect(outbox.map(({ kind }) => kind)).toEqual(['start', 'completion']);
}, 120_000);
