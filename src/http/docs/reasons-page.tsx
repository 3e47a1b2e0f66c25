import {
  END_CODES,
  type ReasonEntry,
  STEP_CODES,
  TIMELINE_CODES,
} from '../../contract/reason-list.ts';
import { linkTo, type Place } from './layout.tsx';
import { Line } from './text.tsx';

/** Every code that an order, its delay or its timeline can have. */
export function ReasonsPage({ place }: { readonly place: Place }) {
  return (
    <article class="guide">
      <h1>Reasons and delays</h1>
      <p>
        An order that waits for an operator or has ended can have a <code>reasonCode</code>, and{' '}
        <code>reason</code> in words, for people. Decide by the status first: more codes can come,
        and treat one that you do not know as <a href="#INTERNAL">INTERNAL</a>.{' '}
        <a href={linkTo(place, 'errors')}>Errors</a> are what a request gets; the codes here come
        after an order was accepted.
      </p>
      <h2 id="steps">While it is open</h2>
      <p>
        <code>delay</code> has one of these codes while a step of the order has failed for more than
        a minute and is repeated; the delay ends by itself when the fault does.{' '}
        <code>NEEDS_ATTENTION</code> has one when repeating cannot help, or did not until the limit.
        Then the order waits for an operator. Do not place it again meanwhile: the pharmacy may have
        it.
      </p>
      <ReasonTable list={STEP_CODES} />
      <h2 id="ends">At its end</h2>
      <p>
        <code>COMPLETED</code> has no reason. A <code>REJECTED</code> order has the pharmacy’s own
        code if the pharmacy sent one.
      </p>
      <ReasonTable list={END_CODES} />
      <h2 id="timeline">In the timeline only</h2>
      <ReasonTable list={TIMELINE_CODES} />
    </article>
  );
}

const [CLIENT, OPERATOR] = ['What you do', 'What an operator does'];

function ReasonTable({ list }: { readonly list: Readonly<Record<string, ReasonEntry>> }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Code</th>
          <th scope="col">Meaning</th>
          <th scope="col">{CLIENT}</th>
          <th scope="col">{OPERATOR}</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(list).map(([name, { meaning, client, operator }]) => (
          <tr id={name}>
            <th scope="row">
              <a href={`#${name}`}>
                <code>{name}</code>
              </a>
            </th>
            <td>
              <Line text={meaning} />
            </td>
            <td data-label={CLIENT}>
              <Line text={client} />
            </td>
            <td data-label={OPERATOR}>
              <Line text={operator} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
