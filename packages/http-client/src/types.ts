import type { components } from './openapi.ts';

/*
 * The objects of the API under the names that this package exports. docs/openapi.json is their source:
 * `npm run openapi` generates `openapi.ts` from it.
 */

type Schemas = components['schemas'];

/** A prescription order to place. */
export type PrescriptionOrder = Schemas['PrescriptionOrder'];

/** The prescriber of an order. */
export type Prescriber = Schemas['Prescriber'];

/** One drug of a prescription order. */
export type PrescriptionItem = Schemas['PrescriptionItem'];

/** What a patient reported about their health, as free text. */
export type PatientHealthInfo = Schemas['PatientHealthInfo'];

/** The patient of a case. */
export type Patient = Schemas['Patient'];

/** A US postal address. */
export type Address = Schemas['Address'];

/** The status of an order. */
export type OrderStatus = Schemas['OrderStatus'];

/** An order with its documents and shipments. */
export type OrderView = Readonly<Schemas['Order']>;

/** An order as lists show it. */
export type OrderSummary = Readonly<Schemas['OrderSummary']>;

/** One page of orders, newest first. `nextCursor` is null on the last page. */
export type OrderPage = Readonly<Schemas['OrderPage']>;

/** A reason for which an accepted order would wait for an operator. */
export type OrderWarning = Readonly<Schemas['OrderWarning']>;

/** A pharmacy where the organization can place orders. */
export type PharmacyView = Readonly<Schemas['Pharmacy']>;

/** One page of pharmacies, by id. `nextCursor` is null on the last page. */
export type PharmacyPage = Readonly<Schemas['PharmacyPage']>;

/** The metadata of a stored prescription document. */
export type DocumentView = Readonly<Schemas['Document']>;

/** A shipment that the pharmacy reported. */
export type ShipmentView = Readonly<Schemas['Shipment']>;

/** One entry of an order's timeline: what happened, when, and who did it. */
export type ActivityView = Readonly<Schemas['Activity']>;

/** A case as `GET /api/v1/customer-case-detail` shows it. */
export type CustomerCaseDetail = Readonly<Schemas['CaseDetail']>;

/** An order of a {@link CustomerCaseDetail}. */
export type CaseDetailOrder = Readonly<Schemas['CaseDetailOrder']>;

/** A document of a {@link CustomerCaseDetail}. */
export type CaseDetailAttachment = Readonly<Schemas['CaseDetailAttachment']>;
