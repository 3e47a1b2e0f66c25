/**
 * The rooms of `src/` by floor, the lowest floor first. A room imports from lower floors only; rooms on
 * one floor never import each other.
 *
 * The import rules, the map in CONTRIBUTING.md and the picture in docs/architecture.md are
 * generated from this list: run `npm run structure` after a change.
 *
 * @type {readonly (readonly { name: string, holds: string }[])[]}
 */
export const FLOORS = [
  [
    { name: 'contract', holds: 'the public API as zod schemas and types; imports zod only' },
    { name: 'egress', holds: 'which destinations outsiders may name (SSRF rules)' },
    { name: 'keys', holds: 'encryption: the key ring, data keys, the KMS, keyed hashes' },
    { name: 'tracing', holds: 'spans and their export; off by default' },
    { name: 'html', holds: 'pages written as JSX, rendered on the server' },
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
    { name: 'metrics', holds: 'what each process counts, and the page that serves it' },
    { name: 'organizations', holds: 'organizations, their API keys and rate limits' },
  ],
  [
    {
      name: 'orders',
      holds: 'accepting an order, its status machine, timeline, inbox, reads, repairs/',
    },
  ],
  [
    { name: 'backup', holds: 'backups of Postgres and the documents, and loading them' },
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
    {
      name: 'http',
      holds: 'one file for each route; edge/ (TLS, proxies), codec-server/, console/',
    },
  ],
  [{ name: 'composition', holds: 'wires the rooms into a server and a worker, for tests too' }],
];

/** The programs and the client: files directly in `src/`. Only programs read the environment. */
export const ROOTS = [
  { name: 'server', holds: 'the server process: the HTTP API and the webhooks of pharmacies' },
  { name: 'worker', holds: 'the worker process: workflows, activities, dispatcher, deliveries' },
  { name: 'migrate', holds: 'applies the migrations, and ends' },
  { name: 'cli', holds: 'rx, the command line of operators' },
  { name: 'console', holds: 'the operators’ console: pages to see and repair orders' },
  { name: 'codec-server', holds: 'shows encrypted Temporal payloads to operators' },
  { name: 'client', holds: 'createOrderClient: what a backend imports; reads no environment' },
];

/** The folders outside `src/`. */
export const OUTSIDE = [
  { name: 'packages/http-client', holds: '@rx-orders/http-client: the API over HTTP' },
  { name: 'packages/webhooks', holds: '@rx-orders/webhooks: verifies what receivers get' },
  { name: 'sandbox', holds: 'npm start and npm run demo: the whole stack on one machine' },
  { name: 'simulator', holds: 'the pharmacy simulator, a program of its own' },
  { name: 'test', holds: 'the test projects, a folder each; support/ is what they share' },
  { name: 'examples', holds: 'programs that place orders and receive webhooks; tests run them' },
  { name: 'bench', holds: 'npm run bench and bench:deliveries' },
  { name: 'scripts', holds: 'npm run verify, chaos, canaries, fuzz, structure, and the bootstrap' },
  {
    name: 'tools',
    holds: 'Go programs that checks build: compose-check, helm-check, otel-collector',
  },
  {
    name: 'deploy',
    holds: 'compose/, helm/, native/, postgres/, temporal/, prometheus/, grafana/',
  },
  { name: 'docs', holds: 'the documentation; adr/ has the decisions, runbooks/ the procedures' },
  { name: '.ci', holds: 'run: what gates a change' },
  { name: '.github', holds: 'the templates of issues and pull requests' },
  { name: '.vscode', holds: 'launch configurations, settings and extensions of the editor' },
];
