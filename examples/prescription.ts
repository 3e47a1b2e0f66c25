import type { PrescriptionOrder } from '../src/client.ts';

/** A case of the sandbox. Its patient has an address, so the order needs no shipping address. */
export const SANDBOX_CASE = '123e4567-e89b-12d3-a456-426614174000';

/** A prescription, as a backend builds it from its own records. All of it is invented. */
export function prescriptionFor(pharmacyId: string): PrescriptionOrder {
  return {
    prescriber: {
      firstName: 'Alex',
      lastName: 'Sample',
      title: 'Dr.',
      npi: '1234567890',
      email: 'alex.sample@example.com',
      phoneNumber: '+14155550100',
      address: {
        addressLine1: '456 Medical Center Dr',
        city: 'San Francisco',
        state: 'CA',
        country: 'US',
        postalCode: '94102',
      },
    },
    diagnosis: 'Hypertension',
    pharmacyId,
    dateWritten: '2026-01-15',
    prescriptionItems: [
      {
        drugId: 'drug-456',
        direction: 'Take 1 tablet daily with food',
        quantity: '30',
        refillCount: 3,
        supplyDays: 30,
      },
    ],
  };
}
