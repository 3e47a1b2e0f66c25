import type { AuditRow } from '../../../audit/audit-rows.ts';
import { Table } from './table.tsx';

/**
 * Rows of the audit log.
 *
 * @param withSubject also shows the order or the case of each row, and what else an operator's action concerned.
 */
export function AuditRows({
  rows,
  withSubject = false,
}: {
  readonly rows: readonly AuditRow[];
  readonly withSubject?: boolean;
}) {
  if (rows.length === 0) return <p class="empty">The audit log has no such row.</p>;
  const columns = ['Time, UTC', 'Actor', 'Action', 'Result', 'From'];
  return (
    <Table columns={withSubject ? [...columns, 'Concerns'] : columns}>
      {rows.map(({ at, actorKind, actor, action, result, source, orderId, caseId, requestId }) => (
        <tr>
          <td>
            <time datetime={at}>{at.slice(0, 19).replace('T', ' ')}</time>
          </td>
          <td>
            {actorKind} {actor}
          </td>
          <td>{action}</td>
          <td>{result}</td>
          <td>{source}</td>
          {withSubject && (
            <td>
              <Concerns orderId={orderId} caseId={caseId} requestId={requestId} />
            </td>
          )}
        </tr>
      ))}
    </Table>
  );
}

function Concerns({
  orderId,
  caseId,
  requestId,
}: Pick<AuditRow, 'orderId' | 'caseId' | 'requestId'>) {
  return (
    <>
      {orderId && (
        <a class="id" href={`/orders/${orderId}`}>
          {orderId}
        </a>
      )}
      {caseId && <small> case {caseId}</small>}
      {/* Requests of clients have ids without a kind, which their logs explain. */}
      {requestId?.includes('/') && <code> {requestId}</code>}
    </>
  );
}
