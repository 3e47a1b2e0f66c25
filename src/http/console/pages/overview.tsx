import { ORDER_STATUSES } from '../../../contract/order.ts';
import type { Finding } from '../../../operators/doctor.ts';
import type { Overview, Waiting } from '../../../operators/overview.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Page } from '../page.ts';
import { HoursChart } from '../parts/hours-chart.tsx';
import { Status } from '../parts/status.tsx';
import { Table } from '../parts/table.tsx';
import { Ago, duration } from '../parts/time.tsx';

/** `GET /`: what happens now, and what does not. */
export function overviewPage({ readOverview, examine }: ConsoleDependencies): Page {
  return {
    method: 'GET',
    url: '/',
    role: 'viewer',
    audit: { none: 'it shows only counts and states' },
    async handle() {
      const [overview, findings] = await Promise.all([readOverview(), examine()]);
      const content = (
        <div data-live="overview">
          <Waits {...overview} />
          <Counts {...overview} />
          <Charts {...overview} />
          <Health findings={findings} />
        </div>
      );
      return { title: 'Overview', content };
    },
  };
}

function Waits({ needingAttention, delayed }: Overview) {
  return (
    <section class="cards" aria-label="Orders that do not make progress">
      <WaitingCard title="Need attention" url="/attention" {...needingAttention} />
      <WaitingCard title="Delayed" url="/orders?delayed=on" {...delayed} />
    </section>
  );
}

function WaitingCard({ title, url, count, since }: Waiting & { title: string; url: string }) {
  return (
    <a class={count > 0 ? 'card attention' : 'card'} href={url}>
      <span class="figure">{count}</span>
      <span>{title}</span>
      <small>
        {since === null ? (
          'none waits'
        ) : (
          <>
            the oldest came <Ago at={since} />
          </>
        )}
      </small>
    </a>
  );
}

function Counts({ statuses }: Overview) {
  return (
    <section>
      <h2>
        Orders by status <small>open ones, and those that ended within 24 h</small>
      </h2>
      <ul class="counts">
        {ORDER_STATUSES.map((status) => (
          <li>
            <a href={`/orders?status=${status}`}>
              <span class="figure">
                {statuses.find((each) => each.status === status)?.count ?? 0}
              </span>
              <Status status={status} />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Charts({ hours, completionSeconds }: Overview) {
  return (
    <section class="charts">
      <HoursChart hours={hours} of="accepted" />
      <HoursChart hours={hours} of="completed" />
      <dl class="facts">
        <dt>Time to completion, half of the orders</dt>
        <dd>{completionSeconds === null ? '–' : duration(completionSeconds.p50)}</dd>
        <dt>95 of 100 orders</dt>
        <dd>{completionSeconds === null ? '–' : duration(completionSeconds.p95)}</dd>
      </dl>
    </section>
  );
}

const RESULTS = { ok: 'good', warn: 'attention', fail: 'bad' } as const;

function Health({ findings }: { readonly findings: readonly Finding[] }) {
  return (
    <section>
      <h2>Health</h2>
      <Table columns={['Part', 'Result', 'Details']}>
        {findings.map(({ check, result, message }) => (
          <tr>
            <th scope="row">{check}</th>
            <td>
              <span class={`status ${RESULTS[result]}`}>{result}</span>
            </td>
            <td>{message}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
