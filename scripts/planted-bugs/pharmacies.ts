import type { Bug } from './bug.ts';

/** Between the workflow and the pharmacy. */
export const PHARMACY_BUGS: readonly Bug[] = [
  {
    name: 'places an order under a new idempotency key at each attempt',
    file: 'src/pharmacy/rest-gateway.ts',
    words: "'idempotency-key': reference }",
    otherWords: "'idempotency-key': crypto.randomUUID() }",
    tests: ['test/unit/pharmacy/rest-gateway-calls.test.ts'],
  },
  {
    name: 'tries a refused order again',
    file: 'src/pharmacy/rest-gateway.ts',
    words: 'if (response.status === 422) throw await readRefusal(response);',
    otherWords: '',
    tests: ['test/workflow/sandbox-pharmacies.test.ts'],
  },
  {
    name: 'lets an attempt that was thought dead move a resting order',
    file: 'src/activities/place-order.ts',
    words: `from: 'PLACING',
        actor: 'pharmacy',
        pharmacyOrderId: placed.id,`,
    otherWords: `actor: 'pharmacy',
        pharmacyOrderId: placed.id,`,
    tests: ['test/workflow/outrun-placing.test.ts'],
  },
  {
    name: 'counts a completion only while it waits for one',
    file: 'src/workflows/order.ts',
    words: `setHandler(orderCompleted, () => {
    pharmacyHint = true;`,
    otherWords: `setHandler(orderCompleted, () => {
    pharmacyHint = progress.status === 'AWAITING_COMPLETION';`,
    tests: ['test/workflow/signals.test.ts'],
  },
  {
    name: 'looks at the pharmacy for ever',
    file: 'src/activities/look-for-completion.ts',
    words: "if (left <= 0) return 'too-late';",
    otherWords: '',
    tests: ['test/workflow/waiting.test.ts'],
  },
  {
    name: 'takes in a repeated message of a pharmacy again',
    file: 'src/orders/inbox.ts',
    words: "if (inserted.length === 0) return 'duplicate';",
    otherWords: '',
    tests: ['test/http/pharmacy/pharmacy-webhook.test.ts'],
  },
  {
    name: 'answers a pharmacy before its message is stored',
    file: 'src/http/routes/pharmacy-webhook.ts',
    words: 'await orders.receive(pharmacyId, message);',
    otherWords: 'void orders.receive(pharmacyId, message).catch(() => undefined);',
    tests: ['test/http/pharmacy/pharmacy-webhook.test.ts'],
  },
  {
    name: 'checks the signature of what it parsed, not of what came',
    file: 'src/pharmacy/webhook-auth.ts',
    words: ".update(body).digest('hex')",
    otherWords: ".update(JSON.stringify(JSON.parse(body.toString()))).digest('hex')",
    tests: ['test/unit/pharmacy/webhook-auth.test.ts'],
  },
  {
    name: 'gives a document its name before it is whole',
    file: 'src/documents/file-store.ts',
    words: "const temporary = `${file}.${randomBytes(6).toString('hex')}.part`;",
    otherWords: 'const temporary = file;',
    tests: ['test/unit/documents/file-store.test.ts'],
  },
  {
    name: 'checks a document by its size alone',
    file: 'src/documents/checked-bytes.ts',
    words:
      "if (sha256 !== (announcedHash ?? sha256)) throw new DocumentMismatchError('another SHA-256');",
    otherWords: '',
    tests: ['test/unit/documents/checked-bytes.test.ts'],
  },
  {
    name: 'passes on what of a document was not authenticated',
    file: 'src/documents/age-payload.ts',
    words: '    decipher.final();',
    otherWords: '',
    tests: ['test/unit/documents/broken-documents.test.ts'],
  },
  {
    name: 'seals all documents of an order for one identity',
    file: 'src/documents/document-identity.ts',
    words: '`rx-orders document ${storageKey}`',
    otherWords: '`rx-orders document ${storageKey.split("/")[0]}`',
    tests: ['test/unit/documents/broken-documents.test.ts'],
  },
  {
    name: 'gives out links to documents that never expire',
    file: 'src/documents/document-links.ts',
    words: 'return right && Number(expires) * 1_000 > now();',
    otherWords: 'return right;',
    tests: ['test/http/cases/cases.test.ts'],
  },
];
