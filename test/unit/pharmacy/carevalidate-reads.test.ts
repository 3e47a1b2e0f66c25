import { describe, expect, it } from 'vitest';
import { json, startFakePharmacy, unaborted } from './fake-pharmacy.ts';
import { detail, useUpstream } from './upstream.ts';

const upstream = useUpstream();

describe('get', () => {
  it.each([
    ['ACCEPTED', 'accepted'],
    ['NEEDS_ATTENTION', 'in_progress'],
    ['something of the original’s', 'in_progress'],
    ['REJECTED', 'rejected'],
    ['EXPIRED', 'rejected'],
    ['CANCELLED', 'cancelled'],
    ['canceled', 'cancelled'],
    ['SHIPPED', 'completed'],
    ['Delivered', 'completed'],
    [null, 'in_progress'],
    [7, 'in_progress'],
  ])('reads %s as %s', async (status, expected) => {
    upstream.pharmacy.answer(json(200, detail([{ id: 'there-1', status }])));

    expect(await upstream.gateway.get('case-1/there-1', unaborted())).toMatchObject({
      status: expected,
    });
  });

  it('reads the documents of a case with one order, also without size and hash', async () => {
    const attachments = [
      { id: 'd-1', fileName: 'rx.pdf', isDeleted: false, url: 'https://files.example.com/1' },
      { id: 'd-2', fileName: 'gone.pdf', isDeleted: true, url: 'https://files.example.com/2' },
    ];
    upstream.pharmacy.answer(
      json(200, detail([{ id: 'there-1', status: 'COMPLETED' }], attachments)),
    );

    const { documents } = await upstream.gateway.get('case-1/there-1', unaborted());
    expect(documents).toEqual([
      {
        id: 'd-1',
        name: 'rx.pdf',
        contentType: 'application/octet-stream',
        url: 'https://files.example.com/1',
      },
    ]);
  });

  it('hashes the bytes that the answer contains, so that their change under an id is noticed', async () => {
    const attachments = [
      { id: 'a', content: 'YWJj\n' },
      { id: 'b', content: 'data:text/plain;base64,YWJj' },
      { id: 'c', content: 'YWJj', sha256: 'c'.repeat(64) },
      { id: 'd', content: 'not base64!' },
    ];
    upstream.pharmacy.answer(
      json(200, detail([{ id: 'there-1', status: 'COMPLETED' }], attachments)),
    );

    const { documents } = await upstream.gateway.get('case-1/there-1', unaborted());
    const ofAbc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const hashes = documents.map(({ id, sha256 }) => [id, sha256]);
    expect(Object.fromEntries(hashes)).toEqual({
      ...{ a: ofAbc, b: ofAbc, c: 'c'.repeat(64) },
      d: undefined,
    });
  });

  it('reads the tracking of the order', async () => {
    const order = { id: 'there-1', status: 'SHIPPED', trackingId: 7 };
    upstream.pharmacy.answer(json(200, detail([order])));

    expect(await upstream.gateway.get('case-1/there-1', unaborted())).toMatchObject({
      status: 'completed',
      shipment: { trackingId: '7' },
    });
  });

  it('finds an order whose id is a UUID in another letter case', async () => {
    const id = '0198C0DE-0000-7000-8000-00000000000A';
    upstream.pharmacy.answer(json(200, detail([{ id, status: 'COMPLETED' }])));

    const order = await upstream.gateway.get(`case-1/${id.toLowerCase()}`, unaborted());
    expect(order).toMatchObject({ id: `case-1/${id.toLowerCase()}`, status: 'completed' });
  });

  it('does not fail for the orders and attachments of the case that cannot be read', async () => {
    const orders = [null, { id: {} }, 7, { id: 'there-1', status: 'COMPLETED' }];
    const caseDetail = { orders, attachments: null };
    upstream.pharmacy.answer(json(200, { caseDetail }));
    const empty = { status: 'completed', documents: [], unreadable: [] };
    expect(await upstream.gateway.get('case-1/there-1', unaborted())).toMatchObject(empty);

    upstream.pharmacy.answer(json(200, { caseDetail: { ...caseDetail, attachments: [null, {}] } }));
    expect(await upstream.gateway.get('case-1/there-1', unaborted())).toMatchObject({
      documents: [],
      unreadable: ['attachments[0]', 'attachments[1].url'],
    });
  });

  it('reports a fault when a document may belong to another order', async () => {
    const orders = ['there-1', 'there-2'].map((id) => ({ id, status: 'COMPLETED' }));
    const attachments = [{ id: 'd-1', fileName: 'rx.pdf', url: 'https://files.example.com/1' }];
    upstream.pharmacy.answer(json(200, detail(orders, attachments)));

    await expect(upstream.gateway.get('case-1/there-1', unaborted())).rejects.toMatchObject({
      name: 'PharmacyAnswerError',
      code: 'PHARMACY_DOCUMENTS_AMBIGUOUS',
    });
  });

  it('leaves out the documents that are stored for another order of the case', async () => {
    upstream.stored.push({ pharmacyOrderId: 'case-1/there-1', pharmacyDocumentId: '1' });
    const orders = ['there-1', 'there-2'].map((id) => ({ id, status: 'COMPLETED' }));
    const attachments = [1, 2].map((id) => ({ id, url: `https://files.example.com/${id}` }));
    upstream.pharmacy.answer(json(200, detail(orders, attachments)));

    const { documents } = await upstream.gateway.get('case-1/there-2', unaborted());
    expect(documents).toMatchObject([{ id: '2' }]);
  });

  it('reports a fault when the case has no such order', async () => {
    upstream.pharmacy.answer(json(200, detail([])));

    await expect(upstream.gateway.get('case-1/there-1', unaborted())).rejects.toMatchObject({
      code: 'PHARMACY_ORDER_UNKNOWN',
    });
  });
});

describe('download', () => {
  const download = async (url: string) => {
    const document = { id: 'd-1', name: 'rx.pdf', contentType: 'application/pdf', url };
    const chunks: Uint8Array[] = [];
    const { bytes } = await upstream.gateway.download(document, unaborted());
    for await (const chunk of bytes) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  it('decodes a base64 document', async () => {
    const content = Buffer.from('the bytes').toString('base64');
    const attachments = [{ id: 'd-1', fileName: 'rx.pdf', content }];
    upstream.pharmacy.answer(
      json(200, detail([{ id: 'there-1', status: 'COMPLETED' }], attachments)),
    );
    const { documents } = await upstream.gateway.get('case-1/there-1', unaborted());

    expect(await download(documents[0]?.url ?? '')).toBe('the bytes');
  });

  it('follows a signed link without the key', async () => {
    upstream.pharmacy.answer((response) => response.end('the bytes'));

    expect(await download('/documents/1?signature=x')).toBe('the bytes');
    expect(upstream.pharmacy.seen[0]?.headers['cv-api-key']).toBeUndefined();
  });

  it('refuses another server that the destination rules forbid', async () => {
    await expect(download('http://files.example.com/1')).rejects.toMatchObject({
      name: 'PharmacyFaultError',
      code: 'DOCUMENT_DESTINATION_FORBIDDEN',
    });
  });

  it('follows a link to another server without the key', async () => {
    const files = await startFakePharmacy();
    try {
      files.answer((response) => response.end('the bytes'));
      expect(await download(`${files.url}/1?signature=x`)).toBe('the bytes');
      expect(files.seen[0]?.headers).not.toHaveProperty('cv-api-key');
      expect(upstream.pharmacy.seen).toEqual([]);
    } finally {
      await files.close();
    }
  });

  it.each([
    'data:application/pdf;base64,dGhlIGJ5dGVz',
    'DATA:;name=rx.pdf;BASE64,dGhl\r\nIGJ5dGVz\n',
    ' data:;base64,dGhlIGJ5dGVz',
    'dGhlIGJ5dGVz\n',
  ])('decodes the content %j', async (content) => {
    const attachments = [{ id: 'd-1', fileName: 'rx.pdf', content }];
    upstream.pharmacy.answer(
      json(200, detail([{ id: 'there-1', status: 'COMPLETED' }], attachments)),
    );
    const { documents } = await upstream.gateway.get('case-1/there-1', unaborted());

    expect(await download(documents[0]?.url ?? '')).toBe('the bytes');
  });

  it.each([
    ['text in place of base64', 'the bytes!'],
    ['a page', '<html></html>'],
    ['a data URI without base64', 'data:text/plain,abcd'],
    ['half a data URI', 'data:application/pdf;base64'],
    ['base64 with a wrong end', 'dGhlIGJ5dGVzx'],
  ])('refuses %s', async (_, content) => {
    const attachments = [{ id: 'd-1', fileName: 'rx.pdf', content }];
    upstream.pharmacy.answer(
      json(200, detail([{ id: 'there-1', status: 'COMPLETED' }], attachments)),
    );
    const { documents } = await upstream.gateway.get('case-1/there-1', unaborted());

    await expect(download(documents[0]?.url ?? '')).rejects.toMatchObject({
      name: 'PharmacyAnswerError',
      code: 'DOCUMENT_NOT_BASE64',
    });
  });
});
