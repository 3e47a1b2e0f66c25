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
    <Table columns={withSubject ? [...columns, 'Order', 'Case', 'Request or object'] : columns}>
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
          {withSubject && [
            <td>
              {orderId && (
                <a class="id" href={`/orders/${orderId}`}>
                  {orderId}
                </a>
              )}
            </td>,
            <td>{caseId}</td>,
            <td>{requestId}</td>,
          ]}
        </tr>
      ))}
    </Table>
  );
}
