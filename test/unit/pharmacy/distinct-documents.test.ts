import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedId } from '../../../src/lib/shared-id.ts';
import { derivedId, distinctDocuments } from '../../../src/pharmacy/distinct-documents.ts';
import type { PharmacyDocument } from '../../../src/pharmacy/gateway.ts';

const TYPE = 'application/pdf';
const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

function documentOf(fields: Partial<PharmacyDocument>): PharmacyDocument {
  return { id: '1', name: 'rx.pdf', contentType: TYPE, url: '/docs/1', ...fields };
}

const idsOf = (...documents: Partial<PharmacyDocument>[]) =>
  distinctDocuments(documents.map(documentOf)).map(({ id }) => id);

const anyDocument = fc
  .record({
    id: fc.constantFrom('1', '2', `${'x'.repeat(250)}1`, `${'x'.repeat(250)}2`, '😀'.repeat(100)),
    name: fc.constantFrom('prescription.pdf', 'label.pdf'),
    size: fc.constantFrom(undefined, 73, 74),
    sha256: fc.constantFrom(undefined, A, B),
    url: fc.constantFrom('/docs/1', '/docs/2', 'data:;base64,QQ==', 'data:;base64,Qg=='),
  })
  .map(documentOf);

describe('distinctDocuments', () => {
  it('keeps the ids of documents that have their own', () => {
    expect(idsOf({ id: '1' }, { id: '2', sha256: A }, { id: '3', sha256: A })).toEqual([
      '1',
      '2',
      '3',
    ]);
  });

  it.each([
    ['hash', { sha256: A }, { sha256: B }],
    ['hash, which one lacks', { sha256: A }, {}],
    ['name', { name: 'prescription.pdf' }, { name: 'label.pdf' }],
    ['size', { size: 73 }, { size: 74 }],
    ['type', { contentType: 'image/png' }, {}],
    ['link', { url: '/download?document=1' }, { url: '/download?document=2' }],
    ['content', { url: 'data:;base64,QQ==' }, { url: 'data:;base64,Qg==' }],
  ])('keeps two documents with the same id that differ in their %s', (_, one, other) => {
    expect(new Set(idsOf(one, other)).size).toBe(2);
  });

  it.each([
    ['in nothing', {}, {}],
    ['only in the link to the same bytes', { sha256: A, url: '/1' }, { sha256: A, url: '/2' }],
  ])('takes two entries that differ %s for the same document', (_, one, other) => {
    expect(idsOf(one, other)).toEqual(['1']);
  });

  it('gives documents that differ in more than their links the same ids in every order', () => {
    const documents = fc.array(anyDocument, { maxLength: 8 });
    const signed = fc.array(fc.nat(), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(documents, signed, (list, signatures) => {
        const hashed = list.map((each) => ({ ...each, sha256: each.sha256 ?? A }));
        const again = hashed.map((each, index) => ({ ...each, url: `/x?${signatures[index]}` }));
        const ids = (each: PharmacyDocument[]) => distinctDocuments(each).map(({ id }) => id);
        expect(ids(again.toReversed()).sort()).toEqual(ids(hashed).sort());
      }),
    );
  });

  it('loses no document, and gives each its own id of at most 255 characters', () => {
    fc.assert(
      fc.property(fc.array(anyDocument, { maxLength: 12 }), (list) => {
        const distinct = distinctDocuments(list);
        for (const { id, name, size, sha256, url } of list) {
          const isKept = distinct.some(
            (kept) =>
              kept.sha256 === sha256 &&
              (sha256 !== undefined ||
                (kept.name === name && kept.size === size && kept.url === url)) &&
              (kept.id === id || kept.id.startsWith([...id].slice(0, 90).join(''))),
          );
          expect(isKept).toBe(true);
        }
        expect(new Set(distinct.map(({ id }) => id)).size).toBe(distinct.length);
        for (const { id } of distinct) {
          expect(id.length).toBeLessThanOrEqual(255);
          expect(id).not.toMatch(/\p{Surrogate}/u);
        }
      }),
    );
  });

  it('keeps the id of a document whose namesake is withdrawn apart from that id', () => {
    const [shared] = idsOf({ sha256: A }, { sha256: B });
    const left = distinctDocuments([documentOf({ sha256: A }), documentOf({ id: '2' })], ['1']);
    expect(left.map(({ id }) => id)).toEqual([shared, '2']);
  });

  it('changes nothing but ids', () => {
    const [first, second] = distinctDocuments([documentOf({ size: 1 }), documentOf({ size: 2 })]);
    expect(first).toMatchObject({ ...documentOf({ size: 1 }), id: first?.id });
    expect(second).toMatchObject({ ...documentOf({ size: 2 }), id: second?.id });
  });
});

describe('sharedId', () => {
  it('is the same for documents that share an id, and for that id', () => {
    fc.assert(
      fc.property(fc.array(anyDocument, { maxLength: 8 }), (list) => {
        const distinct = new Set(distinctDocuments(list).map(({ id }) => sharedId(id)));
        expect(distinct).toEqual(new Set(list.map(({ id }) => sharedId(id))));
        expect(distinct.size).toBe(new Set(list.map(({ id }) => id)).size);
      }),
    );
  });
});

describe('derivedId', () => {
  it('is the hash of the document, if there is one', () => {
    expect(derivedId(documentOf({ sha256: A }))).toBe(A);
  });

  it('ignores the query of a link, but not the content of a data URL', () => {
    const of = (url: string, name = 'rx.pdf') => derivedId(documentOf({ url, name }));
    expect(of('https://example.com/1?signature=a')).toBe(of('https://example.com/1?signature=b#c'));
    expect(of('https://example.com/1')).not.toBe(of('https://example.com/2'));
    expect(of('https://example.com/1')).not.toBe(of('https://example.com/1', 'label.pdf'));
    expect(of('data:;base64,QQ==')).not.toBe(of('data:;base64,Qg=='));
  });
});
