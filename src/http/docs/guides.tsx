import {
  ERROR_CODES,
  ERROR_STATUSES,
  type ErrorEntry,
  WARNING_CODES,
} from '../../contract/error-list.ts';
import { groupsOf, linkTo, type Place } from './layout.tsx';
import { Status } from './operation-page.tsx';
import { Anchor, Badge, Code, Line, Prose } from './text.tsx';

/** The first page: what the API is, and every operation. */
export function OverviewPage({ place }: { readonly place: Place }) {
  const { api } = place;
  return (
    <article class="guide">
      <h1>{api.info.title} API</h1>
      <Prose text={api.info.description} />
      <p>
        Begin with <a href={linkTo(place, 'caseAction')}>placing an order</a>. Enter an API key
        above, and each page sends requests and writes them as programs.
      </p>
      {groupsOf(api).map(({ tag, about, list }) => (
        <section id={tag}>
          <h2>
            {tag} <Anchor id={tag} of={tag} />
          </h2>
          <p class="about">{about}</p>
          <ul class="operations">
            {list.map(({ method, path, operation, isWebhook }) => (
              <li id={operation.operationId}>
                <a href={linkTo(place, operation.operationId)}>{operation.summary}</a>
                <span class="where">
                  <Badge method={isWebhook ? 'event' : method} /> <code>{path}</code>
                </span>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </article>
  );
}

/** How a client shows who it is. */
export function AuthenticationPage({ place }: { readonly place: Place }) {
  return (
    <article class="guide">
      <h1>Authentication</h1>
      <p>
        Each request carries an API key of your organization in the header <code>cv-api-key</code>.
        The operator of the server issues it. A key has scopes, which limit what it may do:
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Scope</th>
            <th scope="col">It permits</th>
          </tr>
        </thead>
        <tbody>
          {SCOPES.map(([scope, permits]) => (
            <tr>
              <th scope="row">
                <code>{scope}</code>
              </th>
              <td>{permits}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h2 id="errors">Refusals</h2>
      <ul>
        <li>
          <a href={linkTo(place, 'errors#400')}>400</a>: the header is missing.
        </li>
        <li>
          <a href={linkTo(place, 'errors#401')}>401</a>: the key is blank, unknown, revoked or
          expired.
        </li>
        <li>
          <a href={linkTo(place, 'errors#403')}>403</a>: the key lacks the scope, or the case
          belongs to another organization. A case that does not exist gets the same answer.
        </li>
        <li>
          <a href={linkTo(place, 'errors#429')}>429</a>: too many requests of the key, or too many
          failed attempts from your address. A valid key is served all the same.
        </li>
      </ul>
      <h2 id="this-page">The key on these pages</h2>
      <p>
        The key that you enter above stays in this tab until you close it or empty the field. It
        goes into the programs that you see and into the header of the requests that you send, never
        into a URL.
      </p>
    </article>
  );
}

const SCOPES = [
  ['orders:write', 'place, validate and cancel orders'],
  ['orders:read', 'read orders, documents, events, pharmacies and cases'],
  ['cases:write', 'create and replace cases'],
  ['webhooks:manage', 'manage webhook endpoints, and read and replay their deliveries'],
] as const;

/** How a client repeats a request safely. */
export function IdempotencyPage({ place }: { readonly place: Place }) {
  return (
    <article class="guide">
      <h1>Idempotency</h1>
      <p>
        An order is placed once, however often the request arrives: give each order a key of your
        own, and send every repetition with the same key. The key is <code>idempotencyKey</code> in
        the body, or the header <code>Idempotency-Key</code>; if both are sent, they must be equal.
        It has at most 255 printable ASCII characters, and your organization uses it once. Only a
        stored order uses it up: after a 400 the same key is still free.
      </p>
      <h2 id="lost-answer">After a lost answer</h2>
      <p>
        When the connection breaks, or the answer is 500 or 503, you do not know whether the order
        is stored. Each of these ways to find out can be repeated:
      </p>
      <ol>
        <li>
          <strong>Send the request again.</strong> You get the 200 if nothing was stored, and
          otherwise <a href={linkTo(place, 'errors#IDEMPOTENCY_ERROR')}>409</a>. With{' '}
          <code>Idempotency-Match: same</code> the order is yours, and <code>Location</code> names
          it. With <code>different</code> the key belongs to another payload.
        </li>
        <li>
          <strong>
            Send it again with <code>Idempotency-Mode: replay</code>.
          </strong>{' '}
          Instead of that 409 you get the first 200 once more, with{' '}
          <code>Idempotency-Replayed: true</code>.
        </li>
        <li>
          <strong>Look the key up</strong> with{' '}
          <a href={linkTo(place, 'readOrderByIdempotencyKey')}>an operation of its own</a>.
        </li>
      </ol>
      <h2 id="see-it-work">See it work</h2>
      <p>
        On <a href={linkTo(place, 'caseAction')}>the page of the operation</a>, press “Send”, then
        “Repeat with the same key”: the second answer is the 409. “Send” uses a fresh key each time.
      </p>
    </article>
  );
}

/** Every error of the API. */
export function ErrorsPage({ place }: { readonly place: Place }) {
  return (
    <article class="guide">
      <h1>Errors</h1>
      <p>
        An error is JSON. <code>message</code> is the kind of error and <code>error</code> the first
        problem, both for people; decide by <code>status</code>, and by <code>code</code> where
        there is one. <code>errors</code> lists all problems of a request with their paths.
      </p>
      <Code
        label="Example of an error"
        text={JSON.stringify(
          {
            status: 400,
            success: false,
            message: 'Invalid request',
            error: 'npi is required',
            errors: [{ path: 'order.prescriber.npi', message: 'npi is required' }],
          },
          null,
          2,
        )}
      />
      <h2 id="statuses">Statuses</h2>
      <ErrorTable first="Status" list={ERROR_STATUSES} />
      <h2 id="codes">Codes</h2>
      <p>
        A 409 and a 410 have a <code>code</code>. The 409 of a used idempotency key has{' '}
        <code>description</code> in place of <code>message</code> and <code>error</code>.
      </p>
      <ErrorTable first="Code" list={ERROR_CODES} />
      <h2 id="warnings">Warnings</h2>
      <p>
        <code>VALIDATE_ORDER</code> returns them in <code>warnings</code>. <code>PLACE_ORDER</code>{' '}
        accepts such an order, which then waits in <code>NEEDS_ATTENTION</code> with the same code,
        one of <a href={linkTo(place, 'reasons')}>those of orders</a>.
      </p>
      <ErrorTable first="Code" list={WARNING_CODES} />
    </article>
  );
}

/** The last column. On a phone, where the table has no head, each cell says it. */
const AGAIN = 'Send again unchanged';

function ErrorTable({
  first,
  list,
}: {
  readonly first: string;
  readonly list: Readonly<Record<string, ErrorEntry>>;
}) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{first}</th>
          <th scope="col">Meaning</th>
          <th scope="col">What to do</th>
          <th scope="col">{AGAIN}</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(list).map(([name, { meaning, action, retry }]) => (
          <tr id={name}>
            <th scope="row">
              <a href={`#${name}`}>
                {first === 'Status' ? <Status status={name} /> : <code>{name}</code>}
              </a>
            </th>
            <td>
              <Line text={meaning} />
            </td>
            <td>
              <Line text={action} />
            </td>
            <td data-label={AGAIN}>{retry ? 'yes' : 'no'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
