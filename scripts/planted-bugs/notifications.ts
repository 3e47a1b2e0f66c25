import type { Bug } from './bug.ts';

/** Bugs between an order's change and the organization. */
export const NOTIFICATION_BUGS: readonly Bug[] = [
  {
    name: 'lists an event while an earlier transaction is still open',
    file: 'src/notifications/events/list-events.ts',
    original: 'AND transaction_id < commit_position(pg_snapshot_xmin(pg_current_snapshot()))',
    replacement: '',
    tests: ['test/http/notifications/events.test.ts'],
  },
  {
    name: 'sends each delivery attempt under a new webhook-id',
    file: 'src/notifications/deliveries/attempt-delivery.ts',
    original: 'loaded.endpoint, { id, body }',
    replacement: 'loaded.endpoint, { id: crypto.randomUUID(), body }',
    tests: ['test/workflow/notifications/deliveries.test.ts'],
  },
  {
    name: 'counts a redirect as a delivered webhook',
    file: 'src/notifications/attempt-outcome.ts',
    original: 'status >= 200 && status < 300',
    replacement: 'status >= 200 && status < 400',
    tests: ['test/unit/notifications/deliveries/attempt-outcome.test.ts'],
  },
  {
    name: 'records an attempt after another worker took over its lease',
    file: 'src/notifications/deliveries/record-attempt.ts',
    original: `AND locked_until::text = \${lease.token}
        AND attempts = \${lease.attempts}`,
    replacement: '',
    tests: [
      'test/workflow/notifications/deliveries-recover.test.ts',
      'test/workflow/notifications/deliveries.test.ts',
    ],
  },
  {
    name: 'connects to a newly resolved address, not to the checked one',
    file: 'src/notifications/sending/request-once.ts',
    original: 'host: one.address,',
    replacement: 'host: one.url.hostname,',
    tests: ['test/unit/notifications/sending/ssrf.test.ts'],
  },
  {
    name: 'lets a receiver accept a recorded webhook without a timestamp',
    file: 'packages/webhooks/src/verify.ts',
    original: 'options.requireTimestamp !== false',
    replacement: 'options.requireTimestamp === true',
    tests: ['test/unit/packages/webhooks/verify.test.ts'],
  },
  {
    name: 'lets one organization resolve any number of names at once',
    file: 'src/notifications/sending/sender.ts',
    original: 'lookups.use(organizationId, options.signal ?? signal, () => lookup(name, options))',
    replacement: 'lookup(name, options)',
    tests: ['test/unit/notifications/sending/sender-pool.test.ts'],
  },
  {
    name: 'resolves the name of a pharmacy by a thread while its name server is silent',
    file: 'src/pharmacy/http-calls.ts',
    original: 'await requireNameServer(new URL(url).hostname, lookup, signal);',
    replacement: '',
    tests: ['test/unit/pharmacy/silent-name-server.test.ts'],
  },
];
