import type { AuditRow } from '../../../audit/audit-rows.ts';
import { Table } from './table.tsx';

/** Rows of the audit log. */
export function AuditRows({ rows }: { readonly rows: readonly AuditRow[] }) {
  if (rows.length === 0) return <p class="empty">The audit log has no row.</p>;
  return (
    <Table columns={['Time, UTC', 'Actor', 'Action', 'Result', 'From']}>
      {rows.map(({ at, actorKind, actor, action, result, source }) => (
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
        </tr>
      ))}
    </Table>
  );
}
