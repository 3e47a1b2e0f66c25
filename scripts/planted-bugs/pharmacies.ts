import type { Bug } from './bug.ts';

/** Bugs between the workflow and the pharmacy. */
export const PHARMACY_BUGS: readonly Bug[] = [
  {
    name: 'places an order under a new idempotency key at each attempt',
    file: 'src/pharmacy/rest-gateway.ts',
    original: "'idempotency-key': reference }",
    replacement: "'idempotency-key': crypto.randomUUID() }",
    tests: ['test/unit/pharmacy/rest-gateway-calls.test.ts'],
  },
  {
    name: 'retries an order that the pharmacy refused',
    file: 'src/pharmacy/rest-gateway.ts',
    original: 'if (response.status === 422) throw await readRefusal(response);',
    replacement: '',
    tests: ['test/workflow/sandbox-pharmacies.test.ts'],
  },
  {
    name: 'lets a superseded attempt move an order that needs attention',
    file: 'src/activities/place-order.ts',
    original: `from: 'PLACING',
        actor: 'pharmacy',
        pharmacyOrderId: placed.id,`,
    replacement: `actor: 'pharmacy',
        pharmacyOrderId: placed.id,`,
    tests: ['test/workflow/stale-placing.test.ts'],
  },
  {
    name: 'counts a completion signal only while it waits for one',
    file: 'src/workflows/order.ts',
    original: `setHandler(orderCompleted, () => {
    pharmacyHint = true;`,
    replacement: `setHandler(orderCompleted, () => {
    pharmacyHint = progress.status === 'AWAITING_COMPLETION';`,
    tests: ['test/workflow/signals.test.ts'],
  },
  {
    name: 'polls the pharmacy without a limit',
    file: 'src/activities/poll-for-completion.ts',
    original: "if (left <= 0) return 'too-late';",
    replacement: '',
    tests: ['test/workflow/waiting.test.ts'],
  },
  {
    name: 'processes a repeated pharmacy message again',
    file: 'src/orders/inbox.ts',
    original: "if (inserted.length === 0) return 'duplicate';",
    replacement: '',
    tests: ['test/http/pharmacy/pharmacy-webhook.test.ts'],
  },
  {
    name: 'answers a pharmacy before it stores the message',
    file: 'src/http/routes/pharmacy-webhook.ts',
    original: 'await orders.receive(pharmacyId, message, {',
    replacement: 'void orders.receive(pharmacyId, message, {',
    tests: ['test/http/pharmacy/pharmacy-webhook.test.ts'],
  },
  {
    name: 'checks the signature of the parsed body, not of the received bytes',
    file: 'src/pharmacy/webhook-auth.ts',
    original: ".update(body).digest('hex')",
    replacement: ".update(JSON.stringify(JSON.parse(body.toString()))).digest('hex')",
    tests: ['test/unit/pharmacy/webhook-auth.test.ts'],
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
    original:
      "if (sha256 !== (announcedHash ?? sha256)) throw new DocumentMismatchError('another SHA-256');",
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
];
