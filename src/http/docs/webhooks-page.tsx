import { readFileSync } from 'node:fs';
import { groupsOf, linkTo, type Place } from './layout.tsx';
import { Samples } from './samples.tsx';

const source = (name: string) =>
  readFileSync(new URL(`assets/verify/${name}`, import.meta.url), 'utf8');

/** Programs that verify a webhook, by language. */
const VERIFYING = {
  curl: source('verify.sh'),
  javascript: source('verify.mjs'),
  python: source('verify.py'),
  go: source('verify.go'),
};

/** What receivers get, and how they verify it. */
export function WebhooksPage({ place }: { readonly place: Place }) {
  const events = groupsOf(place.api)
    .flatMap(({ list }) => list)
    .filter(({ isWebhook, operation }) => isWebhook && operation.tags[0] === 'Notifications');
  return (
    <article class="guide">
      <h1>Webhooks</h1>
      <p>
        The server sends what happens to your orders to your{' '}
        <a href={linkTo(place, 'createWebhookEndpoint')}>webhook endpoints</a>. Only the answer that
        creates an endpoint shows its secret, <code>whsec_…</code>.
      </p>
      <h2 id="events">Events</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {events.map(({ path, operation }) => (
            <tr>
              <th scope="row">
                <a href={linkTo(place, operation.operationId)}>
                  <code>{path}</code>
                </a>
              </th>
              <td>{operation.summary}.</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h2 id="verify">Verify a webhook</h2>
      <p>
        <code>webhook-signature</code> has one or more signatures, separated by spaces:{' '}
        <code>v1,</code> and the base64 HMAC-SHA256 of{' '}
        <code>{'<webhook-id>.<webhook-timestamp>.<body>'}</code>. The key is the decoded bytes after{' '}
        <code>whsec_</code>. Refuse a webhook whose time is more than five minutes off. Verify the
        bytes that you received, before you parse them.
      </p>
      <Samples
        texts={VERIFYING}
        names={{ curl: 'Shell' }}
        label="A program that verifies a webhook"
      />
      <p>
        <code>x-cv-signature</code> is the hex HMAC-SHA256 of the body alone, with the whole text of
        the secret as its key. It covers no time, so a recorded webhook can be sent again: prefer
        the first.
      </p>
      <h2 id="receive">Receive webhooks</h2>
      <ul>
        <li>
          Answer 2xx within 10 seconds and do the work afterwards. A redirect counts as a failed
          attempt, and 410 disables the endpoint.
        </li>
        <li>
          Expect duplicates: a repetition has the same <code>webhook-id</code>. Remember the ids for
          a week.
        </li>
        <li>
          Expect another sequence: <code>sequence</code> numbers the events of one order from 1
          without a gap.
        </li>
        <li>
          Catch up with <a href={linkTo(place, 'listEvents')}>the list of events</a>, and look at{' '}
          <a href={linkTo(place, 'listWebhookDeliveries')}>deliveries and their attempts</a>.
        </li>
        <li>
          Rotate the secret with <a href={linkTo(place, 'rotateWebhookSecret')}>its operation</a>.
          For 24 hours both secrets sign, and <code>webhook-signature</code> has both signatures.
        </li>
      </ul>
    </article>
  );
}
