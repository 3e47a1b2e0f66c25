/** The endpoint's published example (docs/place-order.md, "The example request"). */
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

const AT = '2026-01-31T09:30:00.000Z';

/** The order in an example event. */
export const ORDER_EVENT_EXAMPLE = {
  id: '01a20a78-fa0b-705f-a306-b6e96e3290ab',
  status: 'COMPLETED',
  message: 'Completed',
  createdAt: AT,
};

/** The case in an example event. */
export const CASE_EXAMPLE = {
  id: '123e4567-e89b-12d3-a456-426614174000',
  status: 'COMPLETED',
  createdAt: AT,
  updatedAt: AT,
};

/** A stored document, in the original API's format. */
export const ATTACHMENT_EXAMPLE = {
  id: 'f1b6570a-5f18-579e-b035-6f1887cfe38c',
  isRestricted: false,
  isPHI: true,
  fileName: 'prescription.pdf',
  isDeleted: false,
  createdAt: AT,
  uploadedBy: { firstName: 'Sample', lastName: 'Pharmacy' },
  url: 'https://orders.example.com/documents/f1b6570a-5f18-579e-b035-6f1887cfe38c?expires=1769852700&signature=example',
  contentType: 'application/pdf',
  size: 48213,
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
};

/** A document that its pharmacy withdrew, as an event carries it: without its bytes. */
export const WITHDRAWN_ATTACHMENT_EXAMPLE = Object.fromEntries(
  Object.entries({ ...ATTACHMENT_EXAMPLE, isDeleted: true }).filter(([field]) => field !== 'url'),
);

/** The body of `POST /api/v1/webhook-endpoints`. */
export const CREATE_ENDPOINT_EXAMPLE = {
  url: 'https://clinic.example.com/hooks/orders',
  events: ['ORDER_STATUS_CHANGED', 'ADD_CASE_ATTACHMENT'],
  description: 'Order desk',
  authHeader: { name: 'Authorization', value: 'Bearer example' },
};
