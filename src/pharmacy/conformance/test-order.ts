import { randomUUID } from 'node:crypto';
import type { PharmacyOrderRequest } from '../gateway.ts';

/**
 * How the reference of every test order begins. No id of a real order begins so (src/orders/order-id.ts), so that a
 * pharmacy and we can tell them apart (docs/pharmacy-protocol.md, "Test orders").
 */
const TEST_REFERENCE_PREFIX = '00000000-';

/** Makes the reference of a test order: a UUID that no real order has. */
export function newTestReference(): string {
  return `${TEST_REFERENCE_PREFIX}${randomUUID().slice(TEST_REFERENCE_PREFIX.length)}`;
}

const ADDRESS = {
  addressLine1: '1 Test Street',
  city: 'Testville',
  state: 'CA',
  country: 'US',
  postalCode: '94105',
};
const NOTICE = 'CONFORMANCE TEST - DO NOT DISPENSE';

/**
 * Makes a test order. Every value says that it is a test: the names, the diagnosis, the directions, an
 * NPI with a wrong check digit, a reserved phone number and a reserved domain (RFC 2606).
 *
 * @param drugId the drug; a pharmacy that checks its stock may need one that it has.
 */
export function makeTestOrder(drugId: string): PharmacyOrderRequest {
  return {
    reference: newTestReference(),
    caseId: 'conformance-test',
    prescription: {
      patientHealthInfo: { allergies: NOTICE },
      prescriber: {
        firstName: 'Test',
        lastName: 'Prescriber',
        npi: '0000000000',
        email: 'prescriber@example.com',
        phoneNumber: '+12025550100',
        address: ADDRESS,
      },
      diagnosis: NOTICE,
      pharmacyId: 'conformance-test',
      dateWritten: '2020-01-01',
      prescriptionItems: [
        { drugId, direction: NOTICE, quantity: '1', refillCount: 0, supplyDays: 1 },
      ],
    },
    shippingAddress: ADDRESS,
    patient: {
      firstName: 'Test',
      lastName: 'Patient',
      dateOfBirth: '1900-01-01',
      email: 'patient@example.com',
      phoneNumber: '+12025550101',
    },
  };
}
