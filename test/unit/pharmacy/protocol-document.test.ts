import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PharmacyGateway, PharmacyOrder } from '../../../src/pharmacy/gateway.ts';
import type { OrderRefusedError } from '../../../src/pharmacy/pharmacy-errors.ts';
import { readRestOrder, restOrder } from '../../../src/pharmacy/rest-answers.ts';
import { createRestGateway } from '../../../src/pharmacy/rest-gateway.ts';
import { parseRestMessage } from '../../../src/pharmacy/rest-message.ts';
import {
  errorOf,
  type FakePharmacy,
  json,
  REFERENCE,
  REQUEST,
  startFakePharmacy,
  unaborted,
} from './fake-pharmacy.ts';

/* docs/pharmacy-protocol.openapi.yaml, compared with what the gateway sends and reads. */

interface Media {
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface Answer {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, Media>>;
}
interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Answer>>;
}
type Json = Record<string, unknown>;

const FILE = new URL('../../../docs/pharmacy-protocol.openapi.yaml', import.meta.url);
const DOCUMENT = parse(readFileSync(fileURLToPath(FILE), 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly webhooks: { readonly orderChanged: { readonly post: Operation } };
  readonly components: {
    readonly responses: Readonly<Record<string, Answer>>;
    readonly schemas: Readonly<Record<string, Json>>;
  };
};

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(DOCUMENT, 'protocol');

/** What is wrong with a value of a schema; empty if it conforms. */
function faultsIn(schema: string, value: unknown): unknown[] {
  const validate = ajv.compile({ $ref: `protocol#/components/schemas/${schema}` });
  return validate(value) ? [] : (validate.errors ?? []);
}

function answerOf({ $ref, ...answer }: Answer): Answer {
  return $ref === undefined
    ? answer
    : (DOCUMENT.components.responses[$ref.split('/').at(-1) ?? ''] ?? {});
}

/** The JSON examples of a body. */
function examplesOf(content: Readonly<Record<string, Media>> | undefined): unknown[] {
  const media = content?.['application/json'];
  const named = Object.values(media?.examples ?? {}).map(({ value }) => value);
  return media?.example === undefined ? named : [media.example, ...named];
}

const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, item]) =>
  ['get', 'post'].flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [{ path, method, operation }];
  }),
);

const ANSWERS = OPERATIONS.flatMap(({ path, method, operation }) =>
  Object.entries(operation.responses).flatMap(([status, answer]) =>
    examplesOf(answerOf(answer).content).map((example) => ({ path, method, status, example })),
  ),
);
const ORDERS = ANSWERS.filter(({ example }) => (example as Json)['status'] !== undefined);
const PROBLEMS = ANSWERS.filter(({ example }) => (example as Json)['code'] !== undefined);

describe('the examples of answers', () => {
  it('are orders and problems only', () => {
    expect(ORDERS.length).toBeGreaterThan(8);
    expect(PROBLEMS.length).toBeGreaterThan(8);
    expect(ORDERS.length + PROBLEMS.length).toBe(ANSWERS.length);
  });

  it.each(ORDERS)('$method $path $status: the gateway reads the order as it is', ({ example }) => {
    expect(faultsIn('Order', example)).toEqual([]);
    const { id } = example as { id: string };
    const order = readRestOrder(example, { id });
    const { trackingId, carrier, trackingUrl, documents = [], ...rest } = example as Json;
    expect(order).toMatchObject({ ...rest, documents, unreadable: [] });
    if (trackingId !== undefined) {
      expect(order?.shipment).toEqual({ trackingId, carrier, trackingUrl });
    }
  });

  it.each(PROBLEMS)('$method $path $status: a problem', ({ example }) => {
    expect(faultsIn('Problem', example)).toEqual([]);
  });
});

it('lists the statuses that the gateway knows', () => {
  const known: Record<PharmacyOrder['status'], true> = {
    accepted: true,
    in_progress: true,
    completed: true,
    rejected: true,
    cancelled: true,
  };
  const { properties } = DOCUMENT.components.schemas['Order'] as {
    properties: { status: { enum: string[] } };
  };
  const listed = properties.status.enum;
  expect(listed).toEqual(Object.keys(known));
  const read = (status: string) => restOrder.parse({ id: 'ph-1', status }).status;
  expect(listed.map(read)).toEqual(listed);
  expect(read('a word that is not listed')).toBe('in_progress');
});

describe('its webhook', () => {
  const { requestBody } = DOCUMENT.webhooks.orderChanged.post;
  const messages = examplesOf(requestBody?.content) as { type: string; data: Json }[];
  const { properties } = DOCUMENT.components.schemas['Message'] as {
    properties: { type: { enum: string[] } };
  };
  const read = (message: object) =>
    parseRestMessage({ headers: {}, body: Buffer.from(JSON.stringify(message)) });

  it('has an example of each type', () => {
    expect(messages.map(({ type }) => type)).toEqual(properties.type.enum);
  });

  it.each(messages)('$type is read as it is', ({ type, data }) => {
    expect(faultsIn('Message', { type, data })).toEqual([]);
    const { trackingId, carrier, trackingUrl } = data;
    expect(read({ type, data })).toMatchObject({
      type: type.replace('order.', ''),
      reference: data['reference'],
      pharmacyOrderId: data['id'],
      ...(trackingId === undefined ? {} : { shipment: { trackingId, carrier, trackingUrl } }),
    });
  });

  it('has every type that is not ignored', () => {
    const data = { reference: REFERENCE };
    expect(read({ type: 'order.unheard_of', data })).toMatchObject({ type: 'other' });
  });
});

describe('the gateway', () => {
  let pharmacy: FakePharmacy;
  let gateway: PharmacyGateway;
  beforeAll(async () => {
    pharmacy = await startFakePharmacy();
    gateway = createRestGateway({
      baseUrl: pharmacy.url,
      token: 'token',
      timeoutMs: 5_000,
      foreign: {
        policy: { sandbox: false },
        lookup: () => Promise.reject(new Error('no lookup in this test')),
      },
    });
  });
  beforeEach(() => {
    pharmacy.seen.length = 0;
  });
  afterAll(() => pharmacy.close());

  /** The document's operation of the last request. */
  function documented(): { path: string; method: string } | undefined {
    const { method = '', url = '' } = pharmacy.seen.at(-1) ?? {};
    return OPERATIONS.find(
      ({ path, method: verb }) =>
        verb.toUpperCase() === method &&
        new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(url.split('?')[0] ?? ''),
    );
  }

  it('sends what the document describes', async () => {
    const { orders } = { orders: { id: 'ph-1', reference: REFERENCE, status: 'accepted' } };
    pharmacy.answer(json(201, orders));
    const address = { ...REQUEST.shippingAddress, addressLine2: 'Floor 2' };
    const full = {
      ...REQUEST,
      shippingAddress: address,
      patient: { firstName: 'Sam', dateOfBirth: '1980-02-29', email: 'sam@example.com' },
    };
    await gateway.place(full, unaborted());
    expect(documented()).toMatchObject({ path: '/orders', method: 'post' });
    const [{ body = '', headers = {} } = {}] = pharmacy.seen;
    expect(faultsIn('OrderRequest', JSON.parse(body))).toEqual([]);
    expect(headers['idempotency-key']).toBe(REFERENCE);
    expect(Object.keys(JSON.parse(body) as Json)).toEqual(
      Object.keys(DOCUMENT.components.schemas['OrderRequest']?.['properties'] as Json),
    );

    pharmacy.answer(json(200, orders));
    await gateway.findByReference(REFERENCE, unaborted());
    expect(documented()).toMatchObject({ path: '/orders', method: 'get' });
    await gateway.get('ph-1', unaborted());
    expect(documented()).toMatchObject({ path: '/orders/{id}', method: 'get' });
    await gateway.cancel('ph-1', unaborted());
    expect(documented()).toMatchObject({ path: '/orders/{id}/cancel', method: 'post' });
  });

  it('describes its own request in the example', () => {
    const { requestBody } = DOCUMENT.paths['/orders']?.['post'] ?? {};
    const examples = examplesOf(requestBody?.content);
    expect(examples).toHaveLength(1);
    expect(faultsIn('OrderRequest', examples[0])).toEqual([]);
  });

  it('reads a refusal as in the example', async () => {
    const refusal = PROBLEMS.find(({ status }) => status === '422')?.example as Json;
    pharmacy.answer(json(422, refusal));
    const error = (await errorOf(gateway.place(REQUEST, unaborted()))) as OrderRefusedError;
    expect([error.code, error.reason]).toEqual([refusal['code'], refusal['message']]);
  });

  it.each([
    ['200', 'cancelled'],
    ['202', 'pending'],
    ['409', 'too-late'],
  ])('understands %s to a cancellation as the document says', async (status, outcome) => {
    const { responses } = DOCUMENT.paths['/orders/{id}/cancel']?.['post'] ?? { responses: {} };
    const [example] = examplesOf(answerOf(responses[status] ?? {}).content);
    pharmacy.answer(json(Number(status), example));
    expect(await gateway.cancel('ph-1042', unaborted())).toBe(outcome);
  });
});
