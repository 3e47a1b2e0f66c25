// Generated from docs/openapi.json by `npm run openapi`. Do not edit.

export interface components {
  schemas: {
    WebhookEvent:
      | components['schemas']['OrderCreated']
      | components['schemas']['OrderStatusChanged']
      | components['schemas']['OrderTrackingAdded']
      | components['schemas']['AddCaseAttachment']
      | components['schemas']['DeleteAttachment']
      | components['schemas']['EndpointDisabled']
      | components['schemas']['Ping'];
    /** @description The pharmacy has the order. */
    OrderCreated: {
      /** @constant */
      event: 'ORDER_CREATED';
      order: components['schemas']['CaseActivityOrder'];
      payload: {
        case: components['schemas']['CaseActivityCase'];
      };
      /** @description Numbers the events of one order from 1 without gaps, so that a receiver can sort them. */
      sequence: number;
    };
    /** @description The order that an event is about. */
    CaseActivityOrder: {
      /** Format: uuid */
      id: string;
      /**
       * @description The status of the order.
       * @example COMPLETED
       */
      status: string;
      /** @description The status in words. */
      message: string;
      /**
       * Format: date-time
       * @description RFC 3339 in UTC with milliseconds.
       * @example 2026-01-31T09:30:00.000Z
       */
      createdAt: string;
    };
    /** @description The case that an event is about. */
    CaseActivityCase: {
      id: string;
      /** @description The status of the case’s newest order. */
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
      /** @description With `payloadMode: "full"`. */
      orders?: components['schemas']['CaseActivityOrder'][];
      /** @description With `payloadMode: "full"`. */
      attachments?: components['schemas']['Attachment'][];
    };
    /** @description A stored document, in the format of the original API. */
    Attachment: {
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
    };
    /** @description The order has ended or needs attention. */
    OrderStatusChanged: {
      /** @constant */
      event: 'ORDER_STATUS_CHANGED';
      order: components['schemas']['CaseActivityOrder'];
      payload: {
        case: components['schemas']['CaseActivityCase'];
      };
      /** @description Numbers the events of one order from 1 without gaps, so that a receiver can sort them. */
      sequence: number;
    };
    /** @description The pharmacy reported a shipment. */
    OrderTrackingAdded: {
      /** @constant */
      event: 'ORDER_TRACKING_ADDED';
      order: {
        /** Format: uuid */
        id: string;
        /**
         * @description The status of the order.
         * @example COMPLETED
         */
        status: string;
        /** @description The status in words. */
        message: string;
        /**
         * Format: date-time
         * @description RFC 3339 in UTC with milliseconds.
         * @example 2026-01-31T09:30:00.000Z
         */
        createdAt: string;
        /** @description The carrier’s number. */
        trackingId: string;
      };
      payload: {
        case: components['schemas']['CaseActivityCase'];
      };
      /** @description Numbers the events of one order from 1 without gaps, so that a receiver can sort them. */
      sequence: number;
    };
    /** @description A prescription document is stored. */
    AddCaseAttachment: {
      /** @constant */
      event: 'ADD_CASE_ATTACHMENT';
      order: components['schemas']['CaseActivityOrder'];
      payload: {
        case: components['schemas']['CaseActivityCase'];
        attachment: components['schemas']['Attachment'];
      };
      /** @description Numbers the events of one order from 1 without gaps, so that a receiver can sort them. */
      sequence: number;
    };
    /** @description The pharmacy withdrew a document. */
    DeleteAttachment: {
      /** @constant */
      event: 'DELETE_ATTACHMENT';
      order: components['schemas']['CaseActivityOrder'];
      payload: {
        case: components['schemas']['CaseActivityCase'];
        attachment: {
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
          contentType: string;
          /** @description Bytes. */
          size: number;
          sha256: string;
        };
      };
      /** @description Numbers the events of one order from 1 without gaps, so that a receiver can sort them. */
      sequence: number;
    };
    /** @description Another webhook endpoint of the organization was disabled. */
    EndpointDisabled: {
      /** @constant */
      event: 'ENDPOINT_DISABLED';
      payload: {
        endpoint: {
          /** Format: uuid */
          id: string;
          url: string;
          /**
           * @description The reason, as a stable code.
           * @example ANSWERED_GONE
           */
          reason: string;
        };
      };
    };
    /** @description Sent on request, to test an endpoint. Nothing has happened. */
    Ping: {
      /** @constant */
      event: 'PING';
      payload: {
        endpoint: {
          /** Format: uuid */
          id: string;
        };
      };
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
