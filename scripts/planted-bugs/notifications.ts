import type { Bug } from './bug.ts';

/** Between an order's change and the organization. */
export const NOTIFICATION_BUGS: readonly Bug[] = [
  {
    name: 'lists an event before one that began earlier has committed',
    file: 'src/events/list-events.ts',
    words: 'AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())',
    otherWords: '',
    tests: ['test/http/events.test.ts'],
  },
  {
    name: 'sends each attempt under a new webhook-id',
    file: 'src/deliveries/attempt-delivery.ts',
    words: 'signaturesOf({ id: deliveryId,',
    otherWords: 'signaturesOf({ id: crypto.randomUUID(),',
    tests: ['test/workflow/deliveries.test.ts'],
  },
  {
    name: 'takes a redirect for a delivery',
    file: 'src/deliveries/attempt-outcome.ts',
    words: 'status >= 200 && status < 300',
    otherWords: 'status >= 200 && status < 400',
    tests: ['test/unit/deliveries/attempt-outcome.test.ts'],
  },
  {
    name: 'records an attempt whose lease was taken over',
    file: 'src/deliveries/record-attempt.ts',
    words: `AND locked_until::text = \${lease.token}
        AND attempts = \${lease.attempts}`,
    otherWords: '',
    tests: ['test/workflow/deliveries-recover.test.ts', 'test/workflow/deliveries.test.ts'],
  },
  {
    name: 'connects to what a name resolves to later, not to what was checked',
    file: 'src/webhooks/request-once.ts',
    words: 'host: one.address,',
    otherWords: 'host: one.url.hostname,',
    tests: ['test/unit/webhooks/ssrf.test.ts'],
  },
];
