import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Patient } from '../../src/contract/case.ts';
import type { PrescriptionOrder } from '../../src/contract/place-order.ts';
import type { Marker } from './needles.ts';

/** A case and an order whose every text is a marker: a text that occurs nowhere else. */
export interface Canary {
  readonly caseId: string;
  readonly patient: Patient;
  readonly idempotencyKey: string;
  /** All markers so far. */
  readonly markers: readonly Marker[];
  order(pharmacyId: string): PrescriptionOrder;
  /** Makes one more marker, for a field that neither the case nor the order has. */
  mark(field: string): string;
}

/** Data that is in clear text by design and so is not a marker, with the reason. */
export const IN_CLEAR: Readonly<Record<string, string>> = {
  'case id, order id, pharmacy order id': 'identifiers: they are in URLs, logs and workflow ids',
  'pharmacy id, organization name':
    'configuration of the deployment: it says nothing about a patient',
  'state, country':
    'two letters occur everywhere by chance; they are encrypted with the rest of the address',
};

/** @param path the name of its path. The fields of its markers begin with it. */
export function createCanary(path: string): Canary {
  const markers: Marker[] = [];
  const keep = (field: string, text: string, searched = text) => {
    markers.push({ field: `${path}: ${field}`, text: searched });
    return text;
  };
  const mark = (field: string) => keep(field, `Q${randomBytes(9).toString('hex')}`);
  const email = (field: string) =>
    keep(
      field,
      `q${randomBytes(6).toString('hex')}@q${randomBytes(4).toString('hex')}.example.com`,
    );
  const phoneNumber = (field: string) => keep(field, `+1${digits(13)}`);
  // A fraction of a second makes the date unique.
  const date = (field: string, second: string) =>
    keep(field, `1871-04-09T07:08:${second}.${digits(12)}Z`);
  const number = (field: string) => Number(keep(field, `1${digits(14)}`));
  const address = (field: string) => {
    const postalCode = digits(5);
    // Five digits alone occur by chance, so the marker includes the key. Postgres writes `jsonb` with a space.
    for (const space of ['', ' ']) {
      keep(`${field}.postalCode`, postalCode, `"postalCode":${space}"${postalCode}"`);
    }
    return {
      addressLine1: mark(`${field}.addressLine1`),
      addressLine2: mark(`${field}.addressLine2`),
      city: mark(`${field}.city`),
      state: 'WY',
      country: 'US',
      postalCode,
    };
  };
  const item = (field: string) => ({
    drugId: mark(`${field}.drugId`),
    direction: mark(`${field}.direction`),
    quantity: mark(`${field}.quantity`),
    refillCount: number(`${field}.refillCount`),
    supplyDays: number(`${field}.supplyDays`),
    customFields: {
      [mark(`${field}.customFields (name)`)]: mark(`${field}.customFields (value)`),
      nested: [{ deep: mark(`${field}.customFields (nested)`) }],
    },
  });
  const born = `18${digits(2)}-0${randomInt(1, 10)}-${randomInt(10, 29)}`;
  const patient = {
    firstName: mark('case.patient.firstName'),
    lastName: mark('case.patient.lastName'),
    dateOfBirth: keep('case.patient.dateOfBirth', born),
    email: email('case.patient.email'),
    phoneNumber: phoneNumber('case.patient.phoneNumber'),
    address: address('case.patient.address'),
  };
  const order = {
    shippingAddress: address('order.shippingAddress'),
    patientHealthInfo: {
      // Not only ASCII: JSON, URLs and UTF-16 each encode the rest differently.
      allergies: keep('order.patientHealthInfo.allergies', `Ünverträglich ${digits(12)} “é”`),
      healthConditions: mark('order.patientHealthInfo.healthConditions'),
      currentMedications: mark('order.patientHealthInfo.currentMedications'),
    },
    prescriber: {
      firstName: mark('order.prescriber.firstName'),
      lastName: mark('order.prescriber.lastName'),
      title: mark('order.prescriber.title'),
      titleSuffix: mark('order.prescriber.titleSuffix'),
      npi: keep('order.prescriber.npi', digits(12)),
      dea: mark('order.prescriber.dea'),
      email: email('order.prescriber.email'),
      phoneNumber: phoneNumber('order.prescriber.phoneNumber'),
      address: address('order.prescriber.address'),
    },
    diagnosis: mark('order.diagnosis'),
    dateWritten: date('order.dateWritten', '08'),
    dateSigned: date('order.dateSigned', '09'),
    datePrescribed: date('order.datePrescribed', '08'),
    prescriptionItems: [item('order.prescriptionItems[0]'), item('order.prescriptionItems[1]')],
  };
  return {
    caseId: randomUUID(),
    patient,
    idempotencyKey: mark('idempotencyKey'),
    markers,
    order: (pharmacyId) => ({ ...order, pharmacyId }),
    mark,
  };
}

function digits(count: number): string {
  return Array.from({ length: count }, () => randomInt(10)).join('');
}
