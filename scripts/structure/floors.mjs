/**
 * The rooms of `src/`, by floor. A room may import from the floors above it in this list only; rooms
 * on one floor never import each other.
 *
 * The import rules, the map in CONTRIBUTING.md and the picture in docs/architecture.md are all made
 * from this list.
 *
 * @type {readonly (readonly { name: string, holds: string }[])[]}
 */
export const FLOORS = [
  [
    { name: 'contract', holds: 'the public API as zod schemas and types; imports zod only' },
    { name: 'keys', holds: 'encryption: the key ring, data keys, the KMS, keyed hashes' },
    { name: 'lib', holds: 'small general functions: backoff, cursors, UUIDs, timers' },
  ],
  [
    { name: 'documents', holds: 'encrypted documents in a folder or a bucket, and their links' },
    {
      name: 'workflows',
      holds: 'deterministic code that Temporal replays; order.ts is the business process',
    },
  ],
  [{ name: 'process', holds: 'configuration, log, starting and stopping a process' }],
  [
    { name: 'storage', holds: 'SQL migrations, the connection pool, transactions, roles' },
    {
      name: 'temporal',
      holds: 'the connection to Temporal, payload encryption, search attributes',
    },
  ],
  [
    { name: 'audit', holds: 'the audit log and the seals that show a change to it' },
    { name: 'organizations', holds: 'organizations, their API keys and rate limits' },
  ],
  [
    {
      name: 'orders',
      holds: 'accepting an order, its status machine, timeline, inbox, reads, repairs/',
    },
  ],
  [
    { name: 'cases', holds: 'patient cases: storing, importing, reading' },
    { name: 'engine', holds: 'the outbox, its dispatcher into Temporal, the reconciler' },
    {
      name: 'notifications',
      holds: 'events/, webhook endpoints/, their deliveries/, sending/ a request',
    },
    { name: 'pharmacy', holds: 'the gateway interface, its adapters, pharmacy webhooks' },
    { name: 'upkeep', holds: 'erasure and key rotation' },
  ],
  [
    { name: 'activities', holds: 'the side effects of the order workflow, one file each' },
    { name: 'operators', holds: 'what operators read across organizations: rx doctor, backlogs' },
  ],
  [
    { name: 'cli', holds: 'the commands of rx, one file for each noun' },
    { name: 'http', holds: 'one file for each route; edge/ (TLS, proxies), codec-server/' },
  ],
];

/** The programs and the client: files directly in `src/`, the only ones that wire things together. */
export const ROOTS = ['server', 'worker', 'client', 'cli', 'migrate', 'codec-server'];
