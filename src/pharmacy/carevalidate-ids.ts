/** An order on a server with the original order endpoint, which only finds orders by their case. */
export interface CaseOrder {
  readonly caseId: string;
  readonly orderId: string;
}

/** Builds our pharmacy order id of such an order: `<caseId>/<orderId>`. */
export function toPharmacyOrderId({ caseId, orderId }: CaseOrder): string {
  return `${caseId}/${orderId}`;
}

/** The reverse of {@link toPharmacyOrderId}. A case id may contain a slash, an order id may not. */
export function fromPharmacyOrderId(pharmacyOrderId: string): CaseOrder {
  const slash = pharmacyOrderId.lastIndexOf('/');
  return { caseId: pharmacyOrderId.slice(0, slash), orderId: pharmacyOrderId.slice(slash + 1) };
}
