import type { AuditRow } from '../../../audit/audit-rows.ts';

/** Rows of the audit log. */
export function AuditRows({ rows }: { readonly rows: readonly AuditRow[] }) {
  if (rows.length === 0) return <p class="empty">The audit log has no row.</p>;
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Time, UTC</th>
            <th scope="col">Actor</th>
            <th scope="col">Action</th>
            <th scope="col">Result</th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </table>
    </div>
  );
}
