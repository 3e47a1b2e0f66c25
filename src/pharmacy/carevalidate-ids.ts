/** An order on a server that speaks `place-order.md`: it can only be read by its case. */
export interface CaseOrder {
  readonly caseId: string;
  readonly orderId: string;
}

/** The pharmacy's id of such an order, as it is kept here: `<caseId>/<orderId>`. */
export function toPharmacyOrderId({ caseId, orderId }: CaseOrder): string {
  return `${caseId}/${orderId}`;
}

/** The reverse of {@link toPharmacyOrderId}; the order's id holds no slash, the case's may. */
export function fromPharmacyOrderId(pharmacyOrderId: string): CaseOrder {
  const slash = pharmacyOrderId.lastIndexOf('/');
  return { caseId: pharmacyOrderId.slice(0, slash), orderId: pharmacyOrderId.slice(slash + 1) };
}
