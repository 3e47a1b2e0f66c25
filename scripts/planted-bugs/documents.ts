import type { Bug } from './bug.ts';

/** Bugs in the fetching and storing of documents, up to the news after an order's end. */
export const DOCUMENT_BUGS: readonly Bug[] = [
  {
    name: 'stores a document of any size',
    file: 'src/documents/checked-bytes.ts',
    original: 'if (size > limitBytes) tooLarge(limitBytes);',
    replacement: '',
    tests: ['test/unit/documents/checked-bytes.test.ts'],
  },
  {
    name: 'gives a document its final name before it is complete',
    file: 'src/documents/file-store.ts',
    original: "const temporary = `${file}.${randomBytes(6).toString('hex')}.part`;",
    replacement: 'const temporary = file;',
    tests: ['test/unit/documents/file-store.test.ts'],
  },
  {
    name: 'checks only the size of a document',
    file: 'src/documents/checked-bytes.ts',
    original: "if (sha256 !== (announced.sha256 ?? sha256)) mismatch('has another SHA-256');",
    replacement: '',
    tests: ['test/unit/documents/checked-bytes.test.ts'],
  },
  {
    name: 'passes on document bytes that were not authenticated',
    file: 'src/documents/age-payload.ts',
    original: '    decipher.final();',
    replacement: '',
    tests: ['test/unit/documents/broken-documents.test.ts'],
  },
  {
    name: 'encrypts all documents of an order for one identity',
    file: 'src/documents/age-header.ts',
    original: '`rx-orders document ${storageKey}`',
    replacement: '`rx-orders document ${storageKey.split("/")[0]}`',
    tests: ['test/unit/documents/broken-documents.test.ts'],
  },
  {
    name: 'accepts document links after they expire',
    file: 'src/documents/document-links.ts',
    original: 'return right && Number(expires) * 1_000 > now();',
    replacement: 'return right;',
    tests: ['test/http/cases/cases.test.ts'],
  },
  {
    name: 'stores bytes that are not of the announced type',
    file: 'src/documents/checked-bytes.ts',
    original: `const contentType = finalType(announced.contentType, announced.answeredType, {
    ...{ head, tail, size },
  });`,
    replacement: `const { contentType = 'application/octet-stream' } = announced;`,
    tests: ['test/unit/documents/checked-bytes.test.ts'],
  },
  {
    name: 'stores the first half of a document',
    file: 'src/documents/content-type.ts',
    original: `if (!isWhole(edges)) throw`,
    replacement: `if (edges.size === 0) throw`,
    tests: ['test/unit/documents/content-type.test.ts'],
  },
  {
    name: 'stores an empty document',
    file: 'src/documents/checked-bytes.ts',
    original: "if (size === 0) throw new DocumentMismatchError('DOCUMENT_EMPTY', 'is empty');",
    replacement: '',
    tests: ['test/unit/documents/checked-bytes.test.ts'],
  },
  {
    name: 'skips characters that are not base64',
    file: 'src/pharmacy/base64.ts',
    original:
      'if (!/^[A-Za-z0-9+/]*$/.test(compact) && !/^[\\w-]*$/.test(compact)) return undefined;',
    replacement: '',
    tests: ['test/unit/pharmacy/base64.test.ts'],
  },
  {
    name: 'drops a document that has the id of another one',
    file: 'src/pharmacy/distinct-documents.ts',
    original: 'const byId = new Map<string, Map<string, T[]>>();',
    replacement: `if (documents.length > 0) return [...new Map(documents.map((each) => [each.id, each])).values()];
  const byId = new Map<string, Map<string, T[]>>();`,
    tests: ['test/unit/pharmacy/distinct-documents.test.ts'],
  },
  {
    name: 'believes at once that a completed order has no documents',
    file: 'src/activities/fetch-documents.ts',
    original: 'if (isEmpty(there) && (order.emptyForMs ?? 0) < settings.graceMs) {',
    replacement: 'if (isEmpty(there) && settings.graceMs < 0) {',
    tests: ['test/workflow/pharmacies/documents.test.ts'],
  },
  {
    name: 'takes the 404 of a document for final',
    file: 'src/pharmacy/open-document.ts',
    original: 'const NOT_READY = [202, 204, 403, 404, 409];',
    replacement: 'const NOT_READY = [202, 204, 403, 409];',
    tests: ['test/unit/pharmacy/rest-gateway-download.test.ts'],
  },
  {
    name: 'sends the credentials to the other server of a redirect',
    file: 'src/pharmacy/open-document.ts',
    original: 'isOwn &&= hasOwnOrigin(url);',
    replacement: '',
    tests: ['test/unit/pharmacy/document-redirects.test.ts'],
  },
  {
    name: 'opens the link of a document without the destination rules',
    file: 'src/egress/open-foreign.ts',
    original: `const checked = checkUrl(link, policy, LINK_LIMIT);
  if ('refusal' in checked) return checked;
  const { url } = checked;
  const destination = await resolveDestination(url, policy, lookup, signal);
  if ('refusal' in destination) return destination;`,
    replacement: `const url = new URL(link);
  const found = await lookup(url.hostname, { all: true });
  const destination = { addresses: found.map(({ address }) => address) };`,
    tests: ['test/unit/pharmacy/document-redirects.test.ts'],
  },
  {
    name: 'checks the link of a document, but not the addresses of its host',
    file: 'src/egress/open-foreign.ts',
    original: `const destination = await resolveDestination(url, policy, lookup, signal);
  if ('refusal' in destination) return destination;`,
    replacement: `const found = await lookup(url.hostname, { all: true });
  const destination = { addresses: found.map(({ address }) => address) };`,
    tests: ['test/unit/pharmacy/document-redirects.test.ts'],
  },
  {
    name: 'fetches no documents that come after the completion',
    file: 'src/activities/follow-news.ts',
    original: 'await fetchDocuments(order, gateway, found);',
    replacement: '',
    tests: ['test/workflow/pharmacies/late-news.test.ts'],
  },
  {
    name: 'overwrites a document that changed',
    file: 'src/activities/stored-documents.ts',
    original: 'const documentId = uuidv5(`${id} version ${version}`, orderId);',
    replacement: 'const documentId = uuidv5(id, orderId);',
    tests: ['test/workflow/pharmacies/late-news.test.ts'],
  },
  {
    name: 'withdraws a document without an event',
    file: 'src/activities/stored-documents.ts',
    original: `INSERT INTO order_activity (order_id, actor, event, detail)
    SELECT order_id, 'pharmacy', 'DOCUMENT_WITHDRAWN', jsonb_build_object('documentId', id)
    FROM withdrawn`,
    replacement: 'SELECT FROM withdrawn',
    tests: ['test/workflow/pharmacies/late-news.test.ts'],
  },
  {
    name: 'ignores a pharmacy that contradicts the end of an order',
    file: 'src/activities/follow-news.ts',
    original: 'if (CONTRADICTIONS[order.status]?.includes(found.status) || isNew) {',
    replacement: 'if (isNew) {',
    tests: ['test/workflow/pharmacies/late-news.test.ts'],
  },
  {
    name: 'believes a message of a known type only, if the order has expired',
    file: 'src/activities/follow-news.ts',
    original: "EXPIRED: ['completed', 'rejected'],",
    replacement: '',
    tests: ['test/workflow/pharmacies/late-news.test.ts'],
  },
  {
    name: 'forgets a message that arrives while an order ends',
    file: 'src/activities/step-results.ts',
    original: 'if (count > (before.get(type) ?? 0)) await',
    replacement: 'if (before.size > count) await',
    tests: ['test/workflow/pharmacies/documents.test.ts'],
  },
];
