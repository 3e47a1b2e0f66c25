// Generated from docs/openapi.json by `npm run openapi`. Do not edit.

export interface components {
  schemas: {
    /** @description A prescription order as it is placed. */
    PrescriptionOrder: {
      /** @description Where to ship; without it, the patient’s address of the case. */
      shippingAddress?: components['schemas']['Address'];
      patientHealthInfo?: components['schemas']['PatientHealthInfo'];
      prescriber: components['schemas']['Prescriber'];
      /** @description What the drugs are prescribed for. */
      diagnosis: string;
      /**
       * @description The target pharmacy.
       * @example pharmacy-123
       */
      pharmacyId: string;
      /**
       * @description When the prescription was written: an ISO 8601 date or date-time.
       * @example 2024-01-15
       */
      dateWritten?: string;
      /**
       * @description When it was signed.
       * @example 2024-01-15
       */
      dateSigned?: string;
      /**
       * @description When it was prescribed.
       * @example 2024-01-15
       */
      datePrescribed?: string;
      /** @description The drugs, 1 to 500. */
      prescriptionItems: components['schemas']['PrescriptionItem'][];
    };
    /** @description The patient of a case. */
    Patient: {
      /** @description The patient’s first name. */
      firstName: string;
      /** @description The patient’s last name. */
      lastName: string;
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
       * @description An optional `+`, 7 to 15 digits, spaces, dots, hyphens and parentheses.
       * @example +1234567890
       */
      phoneNumber?: string;
      /** @description Where orders go that name no shipping address of their own. */
      address?: components['schemas']['Address'];
    };
    /** @description An order with its documents and shipments. */
    Order: {
      /** Format: uuid */
      id: string;
      /** @description The case that it was placed for. */
      caseId: string;
      status: components['schemas']['OrderStatus'];
      /** @description Why the order is where it is, as a stable code. */
      reasonCode?: string;
      /** @description The same in words. */
      reason?: string;
      /** @description The target pharmacy. */
      pharmacyId: string;
      /** @description The pharmacy’s own id of the order; null until it has the order. */
      pharmacyOrderId: string | null;
      /** @description The key that it was placed with; null without one. */
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
      documents: components['schemas']['Document'][];
      shipments: components['schemas']['Shipment'][];
    };
    /** @description An order as it stands in a list. */
    OrderSummary: {
      /** Format: uuid */
      id: string;
      /** @description The case that it was placed for. */
      caseId: string;
      status: components['schemas']['OrderStatus'];
      /** @description Why the order is where it is, as a stable code. */
      reasonCode?: string;
      /** @description The same in words. */
      reason?: string;
      /** @description The target pharmacy. */
      pharmacyId: string;
      /** @description The pharmacy’s own id of the order; null until it has the order. */
      pharmacyOrderId: string | null;
      /** @description The key that it was placed with; null without one. */
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
    };
    /** @description One change on the timeline of an order. */
    Activity: {
      id: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      at: string;
      /**
       * @description By whom.
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
      /** @description What else is known of the change. */
      detail?: {
        [key: string]: unknown;
      };
    };
    OrderPage: {
      orders: components['schemas']['OrderSummary'][];
      /** @description Null at the end. */
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
    /** @description What the patient told about their health, in free text. */
    PatientHealthInfo: {
      /** @description Known allergies. */
      allergies?: string;
      /** @description Known conditions. */
      healthConditions?: string;
      /** @description What the patient takes now. */
      currentMedications?: string;
    };
    /** @description Who prescribes. */
    Prescriber: {
      /** @description The prescriber’s first name. */
      firstName: string;
      /** @description The prescriber’s last name. */
      lastName: string;
      /**
       * @description Before the name.
       * @example Dr.
       */
      title?: string;
      /**
       * @description Behind the name.
       * @example MD
       */
      titleSuffix?: string;
      /**
       * @description National Provider Identifier; its check digit counts only where the organization asks for it.
       * @example 1234567890
       */
      npi: string;
      /** @description DEA registration number; checked as `npi` is. */
      dea?: string;
      /**
       * @description An email address.
       * @example john.smith@example.com
       */
      email: string;
      /**
       * @description An optional `+`, 7 to 15 digits, spaces, dots, hyphens and parentheses.
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
       * @description How much, as a text.
       * @example 30
       */
      quantity: string;
      /** @description Refills allowed. */
      refillCount?: number;
      /** @description Days of supply. */
      supplyDays?: number;
      /** @description Key-value pairs, passed on to the pharmacy untouched. */
      customFields?: {
        [key: string]: unknown;
      };
    };
    /**
     * @description Where an order is. `COMPLETED`, `REJECTED`, `CANCELLED` and `EXPIRED` are ends; `NEEDS_ATTENTION` waits for a person.
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
    /** @description A stored prescription document. */
    Document: {
      /** Format: uuid */
      id: string;
      /** @description The file name that the pharmacy gave it. */
      name: string;
      /** @example application/pdf */
      contentType: string;
      /** @description Bytes. */
      size: number;
      /** @description Of the bytes, in lower-case hex. */
      sha256: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      createdAt: string;
    };
    /** @description A shipment that the pharmacy told of. */
    Shipment: {
      /** @description Who carries it. */
      carrier?: string;
      /** @description The carrier’s number. */
      trackingId: string;
      /** @description Where to follow it. */
      trackingUrl?: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      addedAt: string;
    };
    /** @description An order of a case as the original shows it. */
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
    /** @description A stored document, and whose it is. */
    CaseDetailAttachment: {
      /** Format: uuid */
      id: string;
      /** @constant */
      isRestricted: false;
      /** @constant */
      isPHI: true;
      fileName: string;
      /** @constant */
      isDeleted: false;
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
       * @description Signed; lives 15 minutes. With `documentFormat=url`.
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
