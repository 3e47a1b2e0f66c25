import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { subjectKey } from '../../../../src/keys/subject-key.ts';
import type { LoadedDelivery } from '../../../../src/notifications/deliveries/delivery.ts';
import { renderBody } from '../../../../src/notifications/deliveries/render-body.ts';
import type { StoredAttachment } from '../../../../src/notifications/events/stored-event.ts';

const MIB = 1024 * 1024;
const CREATED = '2026-11-25T00:00:00.000Z';

const sources = {
  documents: {
    measure: () => Promise.reject(new Error('not stored')),
    put: () => Promise.reject(new Error('nothing is put')),
    open: async (key: string) => Readable.from([randomBytes(Number(key))]),
  },
  documentLinks: { create: (id: string) => `https://links.example.com/${id}`, isValid: () => true },
};

/** Its key is its size, from which the store makes it. */
function attachment(id: string, size: number): StoredAttachment {
  return {
    id,
    orderId: 'o',
    fileName: 'Ünïcode "label".pdf',
    createdAt: CREATED,
    pharmacyId: 'pharmacy-123',
    contentType: 'application/pdf',
    size,
    sha256: 'a'.repeat(64),
    storageKey: String(size),
    key: subjectKey('order/o', randomBytes(32)),
  };
}

function delivery(sizes: number[], documentFormat: 'url' | 'base64' = 'base64'): LoadedDelivery {
  const order = { id: 'o', status: 'COMPLETED', reason: null, createdAt: CREATED } as const;
  return {
    endpoint: {
      id: 'endpoint',
      organizationId: 'organization',
      url: 'https://receiver.example.com',
      documentFormat,
      payloadMode: 'full',
      isFailing: false,
      authHeaderName: null,
      authHeaderValue: null,
      secrets: ['whsec_'],
    },
    event: {
      id: 'event',
      organizationId: 'organization',
      sequence: 1,
      event: 'ORDER_STATUS_CHANGED',
      content: {
        order,
        case: { id: 'c', status: 'COMPLETED', createdAt: CREATED, updatedAt: CREATED },
        orders: [order],
        attachments: sizes.map((size, index) => attachment(String(index), size)),
      },
      createdAt: new Date(CREATED),
    },
  };
}

async function render(loaded: LoadedDelivery) {
  const body = await renderBody(loaded, sources);
  const attachments: Record<string, string>[] = JSON.parse(body).payload.case.attachments;
  return { body, attachments };
}

it('holds up to 8 MiB of documents, the rest as links', async () => {
  const { attachments } = await render(delivery([6 * MIB, 3 * MIB, 2 * MIB, 1]));

  expect(attachments.map(({ content, url }) => content?.length ?? url)).toEqual([
    8 * MIB,
    'https://links.example.com/1',
    Math.ceil((2 * MIB) / 3) * 4,
    'https://links.example.com/3',
  ]);
});

it('links documents where the endpoint wants links', async () => {
  const { attachments } = await render(delivery([10, 10], 'url'));

  expect(attachments.map(({ url }) => url)).toEqual([
    'https://links.example.com/0',
    'https://links.example.com/1',
  ]);
  expect(attachments[0]).not.toHaveProperty('content');
});

it('is the same after it is parsed and written again', async () => {
  const { body } = await render(delivery([10]));

  expect(JSON.stringify(JSON.parse(body))).toBe(body);
});
