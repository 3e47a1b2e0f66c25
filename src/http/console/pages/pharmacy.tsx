import {
  type PharmacyCount,
  type PharmacyHealth,
  readPharmacyCounts,
  readPharmacyHealth,
} from '../../../operators/pharmacy-health.ts';
import { SUCCEEDED } from '../../../pharmacy/pharmacy-activity.ts';
import { type PharmacyRecord, readPharmacy } from '../../../pharmacy/registry.ts';
import { WEBHOOK_AUTH_KINDS } from '../../../pharmacy/webhook-auth.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { includesRole, type Page, type Visit } from '../page.ts';
import { Action } from '../parts/action.tsx';
import { counted } from '../parts/count-of.ts';
import { Table } from '../parts/table.tsx';
import { Ago, duration } from '../parts/time.tsx';
import { PharmacyStatus, successOf } from './pharmacies.tsx';

/** What operators read for the codes of refused webhooks. */
const CAUSES: Readonly<Record<string, string>> = {
  NO_WEBHOOK_AUTH: 'The pharmacy is set up without webhooks: set how they are authenticated.',
  SIGNATURE_MISSING: 'It has no signature or no credentials: compare the kind of authentication.',
  TIMESTAMP_OFF: 'It was signed more than five minutes ago, or a clock is wrong.',
  SIGNATURE_WRONG:
    'The secret is another one, or a proxy changes the body. Anybody can send such a webhook.',
  BODY_UNREADABLE: 'It is authentic, but a field is missing or malformed.',
};

/** `GET /pharmacies/:pharmacyId`: a pharmacy, how it answers, and its webhooks. */
export function pharmacyPage({ database }: ConsoleDependencies): Page {
  return {
    method: 'GET',
    url: '/pharmacies/:pharmacyId',
    role: 'viewer',
    audit: { none: 'it shows no secret and no patient data' },
    async handle(visit) {
      const id = visit.params['pharmacyId'] ?? '';
      const pharmacy = await readPharmacy(database, id);
      const [healthOf, counts] = await Promise.all([
        readPharmacyHealth(database),
        readPharmacyCounts(database, id),
      ]);
      const content = (
        <>
          <div data-live="pharmacy">
            <Facts pharmacy={pharmacy} health={healthOf(id)} />
            <Actions pharmacy={pharmacy} visit={visit} />
            <Counts counts={counts} />
          </div>
          {includesRole(visit.user.role, 'admin') && <Secrets pharmacy={pharmacy} visit={visit} />}
        </>
      );
      return { title: `Pharmacy ${pharmacy.name}`, content };
    },
  };
}

function Facts({
  pharmacy,
  health,
}: {
  readonly pharmacy: PharmacyRecord;
  readonly health: PharmacyHealth;
}) {
  const { onlyFor, updatedAt } = pharmacy;
  return (
    <dl class="facts wide">
      <dt>Id</dt>
      <dd>{pharmacy.id}</dd>
      <dt>Status</dt>
      <dd>
        <PharmacyStatus active={pharmacy.active} />
      </dd>
      <dt>Base URL</dt>
      <dd>{pharmacy.baseUrl}</dd>
      <dt>Kind</dt>
      <dd>{pharmacy.kind}</dd>
      <dt>Webhooks are authenticated by</dt>
      <dd>{pharmacy.webhookAuth}</dd>
      <dt>Organizations</dt>
      <dd>{onlyFor === null ? 'all' : onlyFor.join(', ') || 'none'}</dd>
      <dt>Open orders</dt>
      <dd>{counted(health.openOrders)}</dd>
      <dt>Calls that succeeded in 24 hours</dt>
      <dd>{successOf(health)}</dd>
      <dt>Last webhook</dt>
      <dd>{health.lastWebhookAt ? <Ago at={health.lastWebhookAt} /> : 'none in 8 days'}</dd>
      <dt>Settings changed</dt>
      <dd>
        <Ago at={updatedAt} />
      </dd>
    </dl>
  );
}

function Actions({
  pharmacy,
  visit,
}: {
  readonly pharmacy: PharmacyRecord;
  readonly visit: Visit;
}) {
  if (!includesRole(visit.user.role, 'operator')) return null;
  const url = `/pharmacies/${encodeURIComponent(pharmacy.id)}`;
  return (
    <div class="buttons">
      <Action visit={visit} url={`${url}/test`} label="Test the base URL and the token" />
      {pharmacy.active ? (
        <Action visit={visit} url={`${url}/disable`} label="Disable: place no new orders" />
      ) : (
        <Action visit={visit} url={`${url}/enable`} label="Enable" primary />
      )}
    </div>
  );
}

function Counts({ counts }: { readonly counts: readonly PharmacyCount[] }) {
  const calls = counts.filter(({ kind }) => kind !== 'webhook');
  const webhooks = counts.filter(({ kind }) => kind === 'webhook');
  return (
    <>
      <section>
        <h2>Calls of the last 24 hours</h2>
        {calls.length === 0 ? (
          <p class="empty">We did not call the pharmacy.</p>
        ) : (
          <Table
            columns={['Call', 'Result', 'Count', 'Mean time', 'Last']}
            numbers={['Count', 'Mean time']}
          >
            {calls.map(({ kind, code, count, meanMs, lastAt }) => (
              <tr>
                <td>{kind}</td>
                <td>
                  <code>{code}</code>
                </td>
                <td class="number">{count}</td>
                <td class="number">{duration(meanMs / 1_000)}</td>
                <td>
                  <Ago at={lastAt} />
                </td>
              </tr>
            ))}
          </Table>
        )}
      </section>
      <section>
        <h2>Webhooks of the last 24 hours</h2>
        {webhooks.length === 0 ? (
          <p class="empty">The pharmacy sent no webhook.</p>
        ) : (
          <Table columns={['Result', 'Count', 'Last', 'Cause']} numbers={['Count']}>
            {webhooks.map(({ code, count, lastAt }) => (
              <tr>
                <td>
                  <code>{code === SUCCEEDED ? 'accepted' : code}</code>
                </td>
                <td class="number">{count}</td>
                <td>
                  <Ago at={lastAt} />
                </td>
                <td>{CAUSES[code]}</td>
              </tr>
            ))}
          </Table>
        )}
      </section>
    </>
  );
}

function Secrets({
  pharmacy,
  visit,
}: {
  readonly pharmacy: PharmacyRecord;
  readonly visit: Visit;
}) {
  return (
    <section>
      <h2>Credentials</h2>
      <form method="post" action={`/pharmacies/${encodeURIComponent(pharmacy.id)}/secrets`}>
        <input type="hidden" name="csrf" value={visit.csrf} />
        <fieldset>
          <legend>Replace credentials; an empty field stays as it is</legend>
          <label>
            Token for its API
            <input type="password" name="token" maxlength={4096} autocomplete="off" />
          </label>
          <label>
            Its webhooks are authenticated by
            <select name="webhookAuth">
              <option value="">{`${pharmacy.webhookAuth}, with the same secret`}</option>
              {WEBHOOK_AUTH_KINDS.map((kind) => (
                <option value={kind}>{kind}</option>
              ))}
            </select>
          </label>
          <label>
            User name, for basic
            <input name="username" maxlength={255} autocomplete="off" />
          </label>
          <label>
            Webhook secret, password or token
            <input type="password" name="secret" maxlength={4096} autocomplete="new-password" />
          </label>
          <div class="buttons">
            <button>Replace</button>
          </div>
        </fieldset>
      </form>
    </section>
  );
}
