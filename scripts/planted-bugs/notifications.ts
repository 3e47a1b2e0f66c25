import type { Bug } from './bug.ts';

/** Between an order's change and the organization. */
export const NOTIFICATION_BUGS: readonly Bug[] = [
  {
    name: 'lists an event before one that began earlier has committed',
    file: 'src/notifications/events/list-events.ts',
    words: 'AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())',
    otherWords: '',
    tests: ['test/http/notifications/events.test.ts'],
  },
  {
    name: 'sends each attempt under a new webhook-id',
    file: 'src/notifications/deliveries/attempt-delivery.ts',
    words: 'signaturesOf({ id: deliveryId,',
    otherWords: 'signaturesOf({ id: crypto.randomUUID(),',
    tests: ['test/workflow/notifications/deliveries.test.ts'],
  },
  {
    name: 'takes a redirect for a delivery',
    file: 'src/notifications/attempt-outcome.ts',
    words: 'status >= 200 && status < 300',
    otherWords: 'status >= 200 && status < 400',
    tests: ['test/unit/notifications/deliveries/attempt-outcome.test.ts'],
  },
  {
    name: 'records an attempt whose lease was taken over',
    file: 'src/notifications/deliveries/record-attempt.ts',
    words: `AND locked_until::text = \${lease.token}
        AND attempts = \${lease.attempts}`,
    otherWords: '',
    tests: [
      'test/workflow/notifications/deliveries-recover.test.ts',
      'test/workflow/notifications/deliveries.test.ts',
    ],
  },
  {
    name: 'connects to what a name resolves to later, not to what was checked',
    file: 'src/notifications/sending/request-once.ts',
    words: 'host: one.address,',
    otherWords: 'host: one.url.hostname,',
    tests: ['test/unit/notifications/sending/ssrf.test.ts'],
  },
];
