import { createHash } from 'node:crypto';
import { type Answer, problem } from './answer.ts';
import type { Behaviour } from './behaviours.ts';
import type { Ledger } from './ledger.ts';
import type { Offers, Order } from './order.ts';
import { addressLine, joined, type PrescriptionText, readPrescription } from './prescription.ts';
import { createSheet, type Sheet } from './sheet.ts';

/** A document that a completed order has or had. */
export interface OrderDocument {
  /** `superseded`: the pharmacy changed it under its id. `withdrawn`: the pharmacy says that it is void. */
  readonly state: 'current' | 'superseded' | 'withdrawn';
  readonly id: string;
  readonly name: string;
  readonly contentType: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** The documents of orders. */
export interface Documents {
  /** The documents that a completed order has or had. Other orders have no documents. */
  of(order: Order): Promise<readonly OrderDocument[]>;
  /**
   * The answer to a download of a document: the bytes, after as many failed and damaged downloads as the
   * pharmacy's behaviour says.
   */
  download(order: Order, documentId: string, behaviour: Behaviour): Promise<Answer>;
}

const BANNER = 'SANDBOX - NOT A REAL PRESCRIPTION';
const UNKNOWN_DOCUMENT = problem(404, 'DOCUMENT_UNKNOWN', 'The order has no such document.');
/** For how many orders the documents stay in memory. Others are made from the order again, with the same bytes. */
const KEPT_ORDERS = 200;

/** Makes documents from orders and keeps the latest in memory. */
export function createDocuments(ledger: Ledger): Documents {
  const made = new Map<string, Promise<readonly OrderDocument[]>>();

  async function of(order: Order): Promise<readonly OrderDocument[]> {
    const { status, offers = 'all' } = order;
    if (status !== 'completed' || offers === 'none') return [];
    const key = `${order.id} ${offers}`;
    const known = made.get(key);
    if (known !== undefined) return await known;
    const documents = makeDocuments(order, offers, ledger.behaviour(order.pharmacyId).labelName);
    made.set(key, documents);
    const [oldest] = made.keys();
    if (made.size > KEPT_ORDERS && oldest !== undefined) made.delete(oldest);
    return await documents;
  }

  return {
    of,
    async download(order, documentId, { documentFaults, spoiledDownloads, spoiledBy }) {
      const all = await of(order);
      const document = all.find(({ id, state }) => id === documentId && state === 'current');
      if (document === undefined) return UNKNOWN_DOCUMENT;
      const { contentType, bytes } = document;
      const before = ledger.spoiled(documentId);
      const spoiled = before - documentFaults.length;
      if (spoiled >= spoiledDownloads) return { kind: 'file', contentType, bytes };
      void ledger.record({ event: 'spoiled', documentId });
      const status = documentFaults[before];
      if (status !== undefined) return problem(status, 'NOT_READY', 'The file does not exist yet.');
      const damaged =
        spoiledBy[spoiled % spoiledBy.length] === 'truncation'
          ? bytes.subarray(0, Math.floor(bytes.length / 2))
          : altered(bytes);
      return { kind: 'file', contentType, bytes: damaged };
    },
  };
}

function altered(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const middle = Math.floor(copy.length / 2);
  copy[middle] = (copy[middle] ?? 0) ^ 0xff;
  return copy;
}

async function makeDocuments(
  order: Order,
  offers: Exclude<Offers, 'none'>,
  labelName: string,
): Promise<OrderDocument[]> {
  const text = readPrescription(order.body);
  const write = async (title: string) => {
    const bytes = await prescription(await begin(order, title), text);
    return asDocument(`${order.id}-prescription`, 'prescription.pdf', bytes);
  };
  const first = await write('Prescription');
  if (offers === 'first') return [first];
  const receipt = await label(await begin(order, 'Dispensing label and receipt'), order, text);
  const second = asDocument(`${order.id}-label`, labelName, receipt);
  if (offers === 'all') return [first, second];
  return [
    { ...first, state: 'superseded' },
    await write('Prescription (corrected)'),
    { ...second, state: 'withdrawn' },
  ];
}

function asDocument(id: string, name: string, bytes: Uint8Array): OrderDocument {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { state: 'current', id, name, contentType: 'application/pdf', sha256, bytes };
}

async function prescription(sheet: Sheet, text: PrescriptionText): Promise<Uint8Array> {
  const { prescription: rx, patient } = text;

  sheet.section('Patient');
  sheet.row('Name', joined(' ', patient.firstName, patient.lastName));
  sheet.row('Date of birth', patient.dateOfBirth);
  sheet.row('Phone', patient.phoneNumber);
  sheet.row('Email', patient.email);
  sheet.row('Ship to', addressLine(text.shippingAddress));
  sheet.row('Allergies', rx.patientHealthInfo.allergies);
  sheet.row('Conditions', rx.patientHealthInfo.healthConditions);
  sheet.row('Current medications', rx.patientHealthInfo.currentMedications);

  sheet.section('Prescriber');
  sheet.row('Name', prescriberName(text));
  sheet.row('NPI', rx.prescriber.npi);
  sheet.row('DEA', rx.prescriber.dea);
  sheet.row('Address', addressLine(rx.prescriber.address));
  sheet.row('Phone', rx.prescriber.phoneNumber);
  sheet.row('Email', rx.prescriber.email);

  sheet.section('Prescription');
  sheet.row('Diagnosis', rx.diagnosis);
  sheet.row('Written', rx.dateWritten);
  sheet.row('Signed', rx.dateSigned);
  sheet.row('Prescribed', rx.datePrescribed);
  writeItems(sheet, text);
  return await sheet.finish();
}

async function label(sheet: Sheet, order: Order, text: PrescriptionText): Promise<Uint8Array> {
  const { patient } = text;

  sheet.section('Dispensed for');
  sheet.row('Patient', joined(' ', patient.firstName, patient.lastName));
  sheet.row('Ship to', addressLine(text.shippingAddress));
  sheet.row('Prescriber', joined(', NPI ', prescriberName(text), text.prescription.prescriber.npi));

  writeItems(sheet, text);

  sheet.section('Receipt');
  sheet.row('Pharmacy', `Sandbox pharmacy ${order.pharmacyId}`);
  sheet.row('Pharmacy order', order.id);
  sheet.row('Your reference', order.reference);
  sheet.row('Received', order.createdAt);
  sheet.row('Items', String(text.prescription.prescriptionItems.length));
  return await sheet.finish();
}

async function begin(order: Order, title: string): Promise<Sheet> {
  return await createSheet({
    title,
    subtitle: `Sandbox pharmacy ${order.pharmacyId} - received ${order.createdAt.slice(0, 10)}`,
    banner: BANNER,
    footer: `Order ${order.reference}`,
    at: new Date(order.createdAt),
  });
}

function writeItems(sheet: Sheet, text: PrescriptionText): void {
  for (const [index, item] of text.prescription.prescriptionItems.entries()) {
    sheet.section(`Item ${index + 1}`);
    sheet.row('Drug', item.drugId);
    sheet.row('Directions', item.direction);
    sheet.row('Quantity', item.quantity);
    sheet.row('Refills', item.refillCount);
    sheet.row('Days of supply', item.supplyDays);
    for (const [name, value] of Object.entries(item.customFields)) {
      sheet.row(name, typeof value === 'string' ? value : JSON.stringify(value));
    }
  }
}

function prescriberName(text: PrescriptionText): string {
  const { title, firstName, lastName, titleSuffix } = text.prescription.prescriber;
  return joined(', ', joined(' ', title, firstName, lastName), titleSuffix);
}
