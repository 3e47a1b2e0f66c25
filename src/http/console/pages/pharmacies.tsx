import { type PharmacyHealth, readPharmacyHealth } from '../../../operators/pharmacy-health.ts';
import { listPharmacies, type PharmacyRecord } from '../../../pharmacy/registry.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Page } from '../page.ts';
import { counted } from '../parts/count-of.ts';
import { Table } from '../parts/table.tsx';
import { Ago, duration } from '../parts/time.tsx';

/** `GET /pharmacies`: all pharmacies with their health of the last 24 hours. */
export function pharmaciesPage({ database }: ConsoleDependencies): Page {
  return {
    method: 'GET',
    url: '/pharmacies',
    role: 'viewer',
    audit: { none: 'it shows no secret and no patient data' },
    async handle() {
      const [pharmacies, healthOf] = await Promise.all([
        listPharmacies(database),
        readPharmacyHealth(database),
      ]);
      const content = (
        <div data-live="pharmacies">
          {pharmacies.length === 0 ? (
            <p class="empty">
              No pharmacy is set up. Run <code>rx pharmacy add</code>.
            </p>
          ) : (
            <Table
              caption="Calls and webhooks of the last 24 hours"
              columns={[
                ...['Pharmacy', 'Status', 'Open orders', 'Calls that succeeded', 'Mean time'],
                ...['Last webhook', 'Refused webhooks'],
              ]}
              numbers={['Open orders', 'Calls that succeeded', 'Mean time', 'Refused webhooks']}
            >
              {pharmacies.map((each) => (
                <Row pharmacy={each} health={healthOf(each.id)} />
              ))}
            </Table>
          )}
        </div>
      );
      return { title: 'Pharmacies', content };
    },
  };
}

function Row({
  pharmacy: { id, name, active },
  health,
}: {
  readonly pharmacy: PharmacyRecord;
  readonly health: PharmacyHealth;
}) {
  const { openOrders, needAttention, meanMs, lastWebhookAt, webhooks, refusedWebhooks } = health;
  return (
    <tr>
      <th scope="row">
        <a href={`/pharmacies/${encodeURIComponent(id)}`}>{name}</a>
      </th>
      <td>
        <PharmacyStatus active={active} />
      </td>
      <td class="number">
        {counted(openOrders)}
        {needAttention > 0 && (
          <>
            {' '}
            <a href={`/attention?${new URLSearchParams({ pharmacy: id }).toString()}`}>
              {counted(needAttention)} need attention
            </a>
          </>
        )}
      </td>
      <td class="number">{successOf(health)}</td>
      <td class="number">{meanMs === null ? '–' : duration(meanMs / 1_000)}</td>
      <td>{lastWebhookAt ? <Ago at={lastWebhookAt} /> : 'none in 8 days'}</td>
      <td class="number">{webhooks === 0 ? '–' : `${refusedWebhooks} of ${webhooks}`}</td>
    </tr>
  );
}

/** Whether a pharmacy gets new orders, by word and colour. */
export function PharmacyStatus({ active }: { readonly active: boolean }) {
  return (
    <span class={`status ${active ? 'good' : 'ended'}`}>{active ? 'enabled' : 'disabled'}</span>
  );
}

/** How many calls succeeded, such as `99.2 % of 1200`. */
export function successOf({ calls, succeeded }: PharmacyHealth): string {
  if (calls === 0) return '–';
  // Rounded down: 100 % means that no call failed.
  return `${Math.floor((1_000 * succeeded) / calls) / 10} % of ${calls}`;
}
