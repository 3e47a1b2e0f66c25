/*
 * The original's own read of a case (api.md, `GET /api/v1/customer-case-detail`), in its own
 * envelope: `caseDetail` stands where other answers have `data`.
 */

/** The body of the 200. */
export interface CustomerCaseDetailBody {
  readonly status: 200;
  readonly success: true;
  readonly caseDetail: CustomerCaseDetail;
}

/** A case with what was asked for. Times are RFC 3339, UTC. */
export interface CustomerCaseDetail {
  readonly id: string;
  readonly status: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** With `includeOrders=true`. */
  readonly orders?: readonly CaseDetailOrder[];
  /** With `includeAttachments=true`. */
  readonly attachments?: readonly CaseAttachment[];
}

/** An order of a case as the original shows it. */
export interface CaseDetailOrder {
  readonly id: string;
  readonly status: string;
  readonly trackingId: string | null;
  readonly message: string | null;
  readonly createdAt: string;
}

/** A stored document as the original shows it (api.md, "Notifications to the organization"). */
export interface CaseAttachment {
  readonly id: string;
  readonly isRestricted: boolean;
  readonly isPHI: boolean;
  readonly fileName: string;
  readonly isDeleted: boolean;
  readonly createdAt: string;
  readonly uploadedBy: { readonly firstName: string; readonly lastName: string };
  /** Signed, and good for 15 minutes; with `documentFormat=url`. */
  readonly url?: string;
  /** The bytes in base64; with `documentFormat=base64`. */
  readonly content?: string;
  /** Not told by the original, as the two below. */
  readonly contentType?: string;
  /** Bytes. */
  readonly size?: number;
  /** Lower-case hexadecimal. */
  readonly sha256?: string;
}
