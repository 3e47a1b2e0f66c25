import { Readable } from 'node:stream';
import {
  type AuditConditions,
  type AuditPosition,
  type AuditRow,
  allAuditRows,
  readNewestAuditRows,
} from '../../../audit/audit-rows.ts';

import { isUuid } from '../../../lib/uuid.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Page, Visit } from '../page.ts';
import { Action } from '../parts/action.tsx';
import { AuditRows } from '../parts/audit-rows.tsx';
import { formTime, Period } from '../parts/filter-fields.tsx';
import { resultView } from '../parts/result.tsx';

const MOST_ROWS = 100;
/** The fields of the form that choose rows. */
const FIELDS = ['operator', 'order', 'case', 'since', 'until'] as const;

/**
 * `GET /audit` and `POST /audit`: the audit log, the newest row first. What somebody searches for is in the body, because
 * URLs stay in the history of a browser and in the logs of proxies.
 */
export function auditPages({ database }: ConsoleDependencies): readonly Page[] {
  return (['GET', 'POST'] as const).map((method) => ({
    method,
    url: '/audit',
    role: 'viewer',
    audit: 'AUDIT_LOG_READ',
    async handle(visit) {
      const conditions = conditionsOf(visit);
      const rows = await readNewestAuditRows(
        database,
        { ...conditions, limit: MOST_ROWS + 1 },
        positionOf(visit.form.get('before')),
      );
      const content = (
        <>
          <Form visit={visit} />
          <AuditRows rows={rows.slice(0, MOST_ROWS)} withSubject />
          {rows.length > MOST_ROWS && <Earlier visit={visit} last={rows[MOST_ROWS - 1]} />}
          <section>
            <h2>Export and seals</h2>
            <p>
              A worker seals the rows every few seconds. Verification reads the whole log and
              reports rows that were changed, removed or added.
            </p>
            <div class="buttons">
              <Action visit={visit} url="/audit/verify" label="Verify the seals" />
              <Action visit={visit} url="/audit/export" label="Export these rows">
                <Fields visit={visit} />
              </Action>
            </div>
          </section>
        </>
      );
      return { title: 'Audit', content };
    },
  }));
}

/** `POST /audit/export`: the chosen rows, one JSON document per line, in the order of the seals. */
export function auditExport({ database }: ConsoleDependencies): Page {
  return {
    method: 'POST',
    url: '/audit/export',
    role: 'operator',
    audit: 'AUDIT_LOG_EXPORTED',
    async handle(visit) {
      const rows = lines(allAuditRows(database, conditionsOf(visit)));
      return {
        send: () =>
          visit.reply
            .header('content-disposition', 'attachment; filename="audit.ndjson"')
            .type('application/x-ndjson')
            .send(Readable.from(rows)),
      };
    },
  };
}

/** `POST /audit/verify`: whether the seals hold. */
export function auditVerification({ verify }: ConsoleDependencies): Page {
  return {
    method: 'POST',
    url: '/audit/verify',
    role: 'viewer',
    audit: { none: 'it shows only counts and hashes' },
    async handle() {
      const { seals, rows, head, problem, problems } = await verify();
      const done = problem === null;
      const text = (
        <>
          {done
            ? `All ${seals} seals hold. They cover ${rows} rows.`
            : `${problems.length} problems. The first: ${problem}.`}
          {head && (
            <>
              {' '}
              Store this head elsewhere, for <code>rx audit verify --head</code>:{' '}
              <code>{head.hash}</code>
            </>
          )}
        </>
      );
      return resultView(done ? 'The seals hold' : 'The audit log was tampered with', {
        ...{ done, text, back: '/audit' },
      });
    },
  };
}

async function* lines(rows: AsyncIterable<AuditRow>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

function conditionsOf({ form }: Visit): AuditConditions {
  const value = (name: (typeof FIELDS)[number]) => form.get(name)?.trim() || undefined;
  const order = value('order');
  return {
    operator: value('operator'),
    // An order that cannot exist has no row, like an unknown one.
    orderId: order === undefined || isUuid(order) ? order : NO_ORDER,
    caseId: value('case'),
    since: formTime(form.get('since')),
    until: formTime(form.get('until')),
  };
}

const NO_ORDER = '00000000-0000-0000-0000-000000000000';

function positionOf(text: string | null): AuditPosition | undefined {
  const [, transactionId, id] = /^(\d{1,19}) (\d{1,18})$/.exec(text ?? '') ?? [];
  return transactionId === undefined || id === undefined ? undefined : [transactionId, id];
}

function Form({ visit }: { readonly visit: Visit }) {
  const { form } = visit;
  return (
    <form class="filter" method="post" action="/audit" role="search">
      <input type="hidden" name="csrf" value={visit.csrf} />
      <label>
        Operator
        <input name="operator" maxlength={100} value={form.get('operator') ?? ''} />
      </label>
      <label>
        Order id
        <input name="order" maxlength={36} value={form.get('order') ?? ''} autocomplete="off" />
      </label>
      <label>
        Case id
        <input name="case" maxlength={255} value={form.get('case') ?? ''} autocomplete="off" />
      </label>
      <Period label="Since" sent={form} />
      <button class="primary">Show</button>
    </form>
  );
}

function Earlier({ visit, last }: { readonly visit: Visit; readonly last: AuditRow | undefined }) {
  return (
    <Action visit={visit} url="/audit" label="Earlier rows">
      <Fields visit={visit} />
      <input type="hidden" name="before" value={`${last?.transactionId} ${last?.id}`} />
    </Action>
  );
}

/** The fields as they were sent, for the next form. */
function Fields({ visit }: { readonly visit: Visit }) {
  return (
    <>
      {FIELDS.map((name) => (
        <input type="hidden" name={name} value={visit.form.get(name) ?? ''} />
      ))}
    </>
  );
}
