/** The endpoint's published example (`place-order.example.json` of the contract). */
export const PLACE_ORDER_EXAMPLE = {
  action: 'PLACE_ORDER',
  idempotencyKey: 'unique-order-key-123',
  order: {
    shippingAddress: {
      addressLine1: '123 Main St',
      city: 'San Francisco',
      state: 'CA',
      country: 'US',
      postalCode: '94105',
    },
    patientHealthInfo: {
      allergies: 'Penicillin',
      healthConditions: 'Hypertension',
      currentMedications: 'Lisinopril 10mg daily',
    },
    prescriber: {
      firstName: 'John',
      lastName: 'Smith',
      title: 'Dr.',
      titleSuffix: 'MD',
      npi: '1234567890',
      email: 'john.smith@example.com',
      phoneNumber: '+1234567890',
      address: {
        addressLine1: '456 Medical Center Dr',
        city: 'San Francisco',
        state: 'CA',
        country: 'US',
        postalCode: '94102',
      },
    },
    diagnosis: 'Hypertension',
    pharmacyId: 'pharmacy-123',
    dateWritten: '2024-01-15',
    prescriptionItems: [
      {
        drugId: 'drug-456',
        direction: 'Take 1 tablet daily with food',
        quantity: '30',
        refillCount: 3,
        supplyDays: 30,
      },
    ],
  },
};

/** The body of `PUT /api/v1/cases/:caseId`. */
export const PUT_CASE_EXAMPLE = {
  patient: {
    firstName: 'Jane',
    lastName: 'Sample',
    dateOfBirth: '1980-04-01',
    email: 'jane.sample@example.com',
    phoneNumber: '+14155550123',
    address: {
      addressLine1: '789 Patient Ave',
      city: 'San Francisco',
      state: 'CA',
      country: 'US',
      postalCode: '94110',
    },
  },
};
