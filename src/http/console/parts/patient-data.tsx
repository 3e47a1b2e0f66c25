import type { Patient } from '../../../contract/case.ts';
import type { DocumentView, OrderView } from '../../../contract/order.ts';
import type { AccessReason } from '../../../operators/access-reasons.ts';
import type { OperatorOrderDetail } from '../../../operators/list-orders.ts';
import { includesRole, type Visit } from '../page.ts';
import { countOf } from './count-of.ts';
import { Ago } from './time.tsx';

/** Patient data that a user asked for. */
export interface ShownData {
  readonly order: OrderView;
  /** undefined: the patient was erased. */
  readonly patient: Patient | undefined;
  /** Why operators looked at it. */
  readonly reasons: readonly AccessReason[];
}

/** The patient, the documents and the shipments of an order, covered until a user asks for them. */
export function PatientData({
  order,
  shown,
  needsReason,
  visit,
}: {
  readonly order: OperatorOrderDetail;
  readonly shown: ShownData | undefined;
  /** Whether the user states a reason first. */
  readonly needsReason: boolean;
  readonly visit: Visit;
}) {
  return (
    <section id="patient">
      <h2>Patient, documents and shipments</h2>
      {shown === undefined ? (
        <Cover order={order} needsReason={needsReason} visit={visit} />
      ) : (
        <>
          <PatientFacts {...shown} />
          <Shipments {...shown} />
          <Documents {...shown} />
          <Reasons {...shown} />
        </>
      )}
    </section>
  );
}

function Cover({ order, needsReason, visit }: Omit<Parameters<typeof PatientData>[0], 'shown'>) {
  const counts = `${countOf(order.documents, 'document')}, ${countOf(order.shipments, 'shipment')}.`;
  if (!includesRole(visit.user.role, 'operator')) {
    return <p class="empty">{counts} Your role does not show patient data.</p>;
  }
  return (
    <form method="post" action={`/orders/${order.id}/shown#patient`}>
      <input type="hidden" name="csrf" value={visit.csrf} />
      <p>{counts} The audit log records who sees patient data.</p>
      {needsReason && (
        <label class="reason">
          Reason, which the organization requires
          <input name="reason" required maxlength={1000} autocomplete="off" />
        </label>
      )}
      <button>Show patient data</button>
    </form>
  );
}

function PatientFacts({ patient, order }: ShownData) {
  const address = patient?.address;
  const facts = [
    ['Patient', [patient?.firstName, patient?.lastName].filter(Boolean).join(' ')],
    ['Born', patient?.dateOfBirth],
    ['Email', patient?.email],
    ['Phone', patient?.phoneNumber],
    ['Address', address && Object.values(address).filter(Boolean).join(', ')],
    ['Reason that the pharmacy states', order.reason],
  ] as const;
  return (
    <dl class="facts wide">
      {patient === undefined && <p class="empty">The patient was erased.</p>}
      {facts.flatMap(([name, value]) => (value ? [<dt>{name}</dt>, <dd>{value}</dd>] : []))}
    </dl>
  );
}

function Shipments({ order }: ShownData) {
  return (
    <ul class="lines">
      {order.shipments.map(({ carrier, trackingId, addedAt }) => (
        <li>
          <bdi>{carrier ?? 'Shipment'}</bdi> <bdi>{trackingId}</bdi> <Ago at={new Date(addedAt)} />
        </li>
      ))}
    </ul>
  );
}

function Documents({ order }: ShownData) {
  return (
    <>
      {order.documents.map((document) => (
        <StoredDocument orderId={order.id} document={document} />
      ))}
    </>
  );
}

/** Types that a browser shows without running anything of them. */
const SHOWN = ['application/pdf', 'image/png', 'image/jpeg'];

/** Whether the page of an order shows a document in a frame; others are for a program of the operator's machine. */
export function showsInPage({ contentType }: Pick<DocumentView, 'contentType'>): boolean {
  return SHOWN.includes(contentType);
}

function StoredDocument({
  orderId,
  document,
}: {
  readonly orderId: string;
  readonly document: DocumentView;
}) {
  const { id, name, contentType, size, version, deletedAt, createdAt } = document;
  const url = `/orders/${orderId}/documents/${id}`;
  return (
    <details class="document">
      <summary>
        <bdi>{name}</bdi>{' '}
        <small>{`version ${version}, ${Math.ceil(size / 1_024)} KB, ${contentType}`}</small>{' '}
        <Ago at={new Date(createdAt)} /> {deletedAt && <span class="status ended">withdrawn</span>}
      </summary>
      <p>
        <a href={url}>{showsInPage(document) ? 'Open it alone' : 'Download it'}</a>
      </p>
      {showsInPage(document) && <iframe src={url} title={name} loading="lazy" />}
    </details>
  );
}

/** Reasons may be about the patient: they are encrypted, and the audit log has only their ids. */
function Reasons({ reasons }: ShownData) {
  if (reasons.length === 0) return null;
  return (
    <ul class="lines">
      {reasons.map(({ operator, reason, at }) => (
        <li>
          {operator} saw patient data <Ago at={at} />: {reason ?? 'the reason was erased'}
        </li>
      ))}
    </ul>
  );
}
