import {
  linkMessage,
  listUnmatchedMessages,
  type OperatorMessage,
} from '../../../orders/repairs/link-message.ts';
import { listPharmacies } from '../../../pharmacy/registry.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { includesRole, type Page, type Visit } from '../page.ts';
import { Action } from '../parts/action.tsx';
import { countOf } from '../parts/count-of.ts';
import { Choice } from '../parts/filter-fields.tsx';
import { resultView } from '../parts/result.tsx';
import { Table } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';

const MOST_ROWS = 100;
const COLUMNS = ['Received', 'Pharmacy', 'Type', 'Reference', "Pharmacy's order id"];

/** `GET /messages`: messages of pharmacies that match no order, the oldest first. */
export function messagesPage({ database }: ConsoleDependencies): Page {
  return {
    method: 'GET',
    url: '/messages',
    role: 'viewer',
    audit: 'MESSAGES_LISTED',
    async handle(visit) {
      const pharmacyId = visit.query.get('pharmacy') || undefined;
      const [messages, pharmacies] = await Promise.all([
        listUnmatchedMessages(database, { pharmacyId, limit: MOST_ROWS }),
        listPharmacies(database),
      ]);
      const content = (
        <>
          <form class="filter" method="get" action="/messages">
            <Choice
              label="Pharmacy"
              name="pharmacy"
              options={pharmacies.map(({ id, name }) => ({ value: id, text: name }))}
              chosen={pharmacyId}
            />
            <button>Filter</button>
          </form>
          <div data-live="messages">
            <Messages messages={messages} visit={visit} />
          </div>
        </>
      );
      return { title: 'Unmatched messages', content };
    },
  };
}

function Messages({
  messages,
  visit,
}: {
  readonly messages: readonly OperatorMessage[];
  readonly visit: Visit;
}) {
  if (messages.length === 0) {
    return (
      <p class="empty">
        Every message of a pharmacy belongs to an order. A message waits here if it names none that
        we know.
      </p>
    );
  }
  const mayLink = includesRole(visit.user.role, 'operator');
  return (
    <Table
      caption={
        messages.length === MOST_ROWS
          ? `The oldest ${MOST_ROWS}`
          : countOf(messages.length, 'message')
      }
      columns={mayLink ? [...COLUMNS, 'Link to an order'] : COLUMNS}
    >
      {messages.map((message) => (
        <tr>
          <td>
            <Ago at={message.receivedAt} />
          </td>
          <td>{message.pharmacyId}</td>
          <td>
            <code>{message.type}</code>
          </td>
          <td class="id">{message.reference}</td>
          <td class="id">{message.pharmacyOrderId}</td>
          {mayLink && (
            <td>
              <LinkForm message={message} visit={visit} />
            </td>
          )}
        </tr>
      ))}
    </Table>
  );
}

function LinkForm({
  message,
  visit,
}: {
  readonly message: OperatorMessage;
  readonly visit: Visit;
}) {
  const of = `of message ${message.id}`;
  return (
    <Action visit={visit} url={`/messages/${message.id}/link`} label="Link">
      <input
        name="order"
        placeholder="Order id"
        aria-label={`Order id ${of}`}
        required
        autocomplete="off"
      />
      <input
        name="reason"
        placeholder="Reason"
        aria-label={`Reason ${of}`}
        required
        maxlength={1000}
        autocomplete="off"
      />
    </Action>
  );
}

/** `POST /messages/:messageId/link`: links a message to its order, as if the message had named the order. */
export function linkAction({ database }: ConsoleDependencies): Page {
  return {
    method: 'POST',
    url: '/messages/:messageId/link',
    role: 'operator',
    audit: { none: 'the repair records itself', refused: 'MESSAGE_LINKED' },
    async handle({ params, form, by }) {
      const orderId = form.get('order')?.trim() ?? '';
      const reason = form.get('reason')?.trim() ?? '';
      if (reason === '') {
        const text = 'State a reason: the timeline shows it.';
        return resultView('Nothing was changed', { done: false, text, back: '/messages' });
      }
      const request = { by: by.actor, source: by.source, reason };
      await linkMessage(database, params['messageId'] ?? '', orderId, request);
      return { redirectTo: `/orders/${orderId}` };
    },
  };
}
