// Generated from docs/openapi.json by `npm run openapi`. Do not edit.

export interface components {
  schemas: {
    /** @description A prescription order to place. */
    PrescriptionOrder: {
      /** @description The shipping address. Default: the address of the case’s patient. */
      shippingAddress?: components['schemas']['Address'];
      patientHealthInfo?: components['schemas']['PatientHealthInfo'];
      prescriber: components['schemas']['Prescriber'];
      /** @description The diagnosis that the drugs are prescribed for. */
      diagnosis: string;
      /**
       * @description The pharmacy that fills the order.
       * @example pharmacy-123
       */
      pharmacyId: string;
      /**
       * @description When the prescription was written. An ISO 8601 date or date-time.
       * @example 2024-01-15
       */
      dateWritten?: string;
      /**
       * @description When the prescription was signed.
       * @example 2024-01-15
       */
      dateSigned?: string;
      /**
       * @description When the drugs were prescribed.
       * @example 2024-01-15
       */
      datePrescribed?: string;
      /** @description The drugs, 1 to 500 items. */
      prescriptionItems: components['schemas']['PrescriptionItem'][];
    };
    /** @description The patient of a case, with one name at least. */
    Patient: {
      /** @description The patient’s first name. */
      firstName?: string;
      /** @description The patient’s last name. */
      lastName?: string;
      /**
       * Format: date
       * @description A date `YYYY-MM-DD` that exists in the calendar.
       * @example 1980-04-01
       */
      dateOfBirth?: string;
      /**
       * @description An email address.
       * @example john.smith@example.com
       */
      email?: string;
      /**
       * @description An optional `+`, 7 to 15 digits, spaces, dots, hyphens and parentheses, and an optional extension (`x123`, `ext. 123`).
       * @example +1234567890
       */
      phoneNumber?: string;
      /** @description The shipping address of orders that have none. */
      address?: components['schemas']['Address'];
    };
    /** @description An order with its documents and shipments. */
    Order: {
      /** Format: uuid */
      id: string;
      /** @description The case of the order. */
      caseId: string;
      status: components['schemas']['OrderStatus'];
      /** @description The reason for the status, as a stable code. */
      reasonCode?: string;
      /** @description The reason in words. */
      reason?: string;
      /** @description The pharmacy of the order. */
      pharmacyId: string;
      /** @description The pharmacy’s id of the order. Null until the pharmacy has the order. */
      pharmacyOrderId: string | null;
      /** @description The idempotency key of the order. Null without one. */
      idempotencyKey: string | null;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      updatedAt: string;
      delay?: components['schemas']['Delay'];
      /**
       * @description The stored data of the order was damaged, so some texts are missing. Its operator has to restore it.
       * @constant
       */
      unreadable?: true;
      documents: components['schemas']['Document'][];
      shipments: components['schemas']['Shipment'][];
    };
    /** @description An order, as lists show it. */
    OrderSummary: {
      /** Format: uuid */
      id: string;
      /** @description The case of the order. */
      caseId: string;
      status: components['schemas']['OrderStatus'];
      /** @description The reason for the status, as a stable code. */
      reasonCode?: string;
      /** @description The reason in words. */
      reason?: string;
      /** @description The pharmacy of the order. */
      pharmacyId: string;
      /** @description The pharmacy’s id of the order. Null until the pharmacy has the order. */
      pharmacyOrderId: string | null;
      /** @description The idempotency key of the order. Null without one. */
      idempotencyKey: string | null;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      updatedAt: string;
      delay?: components['schemas']['Delay'];
      /**
       * @description The stored data of the order was damaged, so some texts are missing. Its operator has to restore it.
       * @constant
       */
      unreadable?: true;
    };
    /** @description One entry of an order’s timeline. */
    Activity: {
      id: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      at: string;
      /**
       * @description Who made the change.
       * @enum {string}
       */
      actor: 'api' | 'pharmacy' | 'operator' | 'system';
      /**
       * @description What happened.
       * @example STATUS_CHANGED
       */
      event: string;
      fromStatus?: components['schemas']['OrderStatus'];
      toStatus?: components['schemas']['OrderStatus'];
      reasonCode?: string;
      /** @description Further details of the change. */
      detail?: {
        [key: string]: unknown;
      };
    };
    /** @description A reason for which an accepted order would wait for an operator. */
    OrderWarning: {
      /**
       * @description The field of the order.
       * @example pharmacyId
       */
      field: string;
      /**
       * @description The reason code that the order would have.
       * @example PHARMACY_UNKNOWN
       */
      code: string;
      /** @description The reason in words. */
      message: string;
    };
    /** @description A pharmacy where the organization can place orders. */
    Pharmacy: {
      /**
       * @description The `pharmacyId` of orders.
       * @example pharmacy-123
       */
      id: string;
      /** @description The name for people. Default: the id. */
      name: string;
      /** @description False: the pharmacy is switched off. An order would wait for an operator. */
      active: boolean;
    };
    OrderPage: {
      orders: components['schemas']['OrderSummary'][];
      /** @description Null on the last page. */
      nextCursor: string | null;
    };
    PharmacyPage: {
      pharmacies: components['schemas']['Pharmacy'][];
      /** @description Null on the last page. */
      nextCursor: string | null;
    };
    CaseDetail: {
      id: string;
      /** @description The status of the newest order; `CREATED` for a case without orders. */
      status: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      updatedAt: string;
      orders?: components['schemas']['CaseDetailOrder'][];
      attachments?: components['schemas']['CaseDetailAttachment'][];
    };
    /** @description A US postal address. */
    Address: {
      /** @description House number and street. */
      addressLine1: string;
      /** @description Apartment, suite or unit. */
      addressLine2?: string;
      /** @description The city. */
      city: string;
      /**
       * @description One of the 50 states, DC, the territories (PR, VI, GU, AS, MP) and the military codes (AA, AE, AP).
       * @example CA
       */
      state: string;
      /**
       * @description Two letters, converted to upper case.
       * @example US
       */
      country: string;
      /**
       * @description Exactly 5 digits.
       * @example 94105
       */
      postalCode: string;
    };
    /** @description What the patient reported about their health, as free text. */
    PatientHealthInfo: {
      /** @description Known allergies. */
      allergies?: string;
      /** @description Known conditions. */
      healthConditions?: string;
      /** @description Current medications. */
      currentMedications?: string;
    };
    /** @description The prescriber. */
    Prescriber: {
      /** @description The prescriber’s first name. */
      firstName: string;
      /** @description The prescriber’s last name. */
      lastName: string;
      /**
       * @description The title before the name.
       * @example Dr.
       */
      title?: string;
      /**
       * @description The title after the name.
       * @example MD
       */
      titleSuffix?: string;
      /**
       * @description The National Provider Identifier. Its check digit is verified only if the organization turned that on.
       * @example 1234567890
       */
      npi: string;
      /** @description The DEA registration number. It is verified under the same condition as `npi`. */
      dea?: string;
      /**
       * @description An email address.
       * @example john.smith@example.com
       */
      email: string;
      /**
       * @description An optional `+`, 7 to 15 digits, spaces, dots, hyphens and parentheses, and an optional extension (`x123`, `ext. 123`).
       * @example +1234567890
       */
      phoneNumber: string;
      address: components['schemas']['Address'];
    };
    /** @description One drug of a prescription. */
    PrescriptionItem: {
      /** @description The pharmacy’s id of the drug. */
      drugId: string;
      /**
       * @description Dosage instructions.
       * @example Take 1 tablet daily with food
       */
      direction?: string;
      /**
       * @description The quantity, as text.
       * @example 30
       */
      quantity: string;
      /** @description The number of refills. */
      refillCount?: number;
      /** @description The days of supply. */
      supplyDays?: number;
      /** @description Key-value pairs that are passed on to the pharmacy unchanged. A number that would be rounded is refused, and so is a key that occurs twice in one object. */
      customFields?: {
        [key: string]: unknown;
      };
    };
    /**
     * @description The status of an order. `COMPLETED`, `REJECTED`, `CANCELLED` and `EXPIRED` are ends. `NEEDS_ATTENTION` waits for an operator, also after an end that the pharmacy contradicts later.
     * @enum {string}
     */
    OrderStatus:
      | 'ACCEPTED'
      | 'PLACING'
      | 'AWAITING_COMPLETION'
      | 'FETCHING_DOCUMENTS'
      | 'COMPLETED'
      | 'REJECTED'
      | 'CANCELLED'
      | 'EXPIRED'
      | 'NEEDS_ATTENTION';
    /** @description A step of the order that has been failing for more than a minute. */
    Delay: {
      /**
       * @description Why the last attempt failed.
       * @example PHARMACY_TIMEOUT
       */
      code: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      since: string;
      /** @description Failed attempts in a row. */
      attempts: number;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      nextAttemptAt: string;
    };
    /** @description A stored prescription document. */
    Document: {
      /** Format: uuid */
      id: string;
      /** @description The file name that the pharmacy chose. */
      name: string;
      /** @example application/pdf */
      contentType: string;
      /** @description The size in bytes. */
      size: number;
      /** @description The SHA-256 of the bytes, in lower-case hex. */
      sha256: string;
      /** @description Counts the changes of the document, from 1. */
      version: number;
      /**
       * Format: uuid
       * @description The id of the version before.
       */
      supersedes?: string;
      /**
       * Format: date-time
       * @description When the pharmacy withdrew the document.
       * @example 2026-01-31T09:30:00.000Z
       */
      deletedAt?: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      createdAt: string;
    };
    /** @description A shipment that the pharmacy reported. */
    Shipment: {
      /** @description The carrier. */
      carrier?: string;
      /** @description The carrier’s tracking number. */
      trackingId: string;
      /** @description The carrier’s tracking page. */
      trackingUrl?: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      addedAt: string;
    };
    /** @description An order of a case, in the format of the original API. */
    CaseDetailOrder: {
      /** Format: uuid */
      id: string;
      status: string;
      trackingId: string | null;
      message: string | null;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      createdAt: string;
    };
    /** @description A stored document and its order. */
    CaseDetailAttachment: {
      /** Format: uuid */
      id: string;
      /** @constant */
      isRestricted: false;
      /** @constant */
      isPHI: true;
      fileName: string;
      /** @description `true`: the pharmacy withdrew the document. */
      isDeleted: boolean;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      createdAt: string;
      uploadedBy: {
        firstName: string;
        lastName: string;
      };
      /**
       * Format: uri
       * @description A signed URL, valid for 15 minutes. With `documentFormat=url`.
       */
      url?: string;
      /**
       * Format: base64
       * @description The bytes in base64. With `documentFormat=base64`.
       */
      content?: string;
      contentType: string;
      /** @description Bytes. */
      size: number;
      sha256: string;
      /** Format: uuid */
      orderId: string;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
