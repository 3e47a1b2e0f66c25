import {
  defineSearchAttributeKey,
  type SearchAttributePair,
  type TypedSearchAttributes,
} from '@temporalio/common';

/** The search attributes of orders. Temporal stores them in clear text, so they hold only ids and codes. */
const SEARCH_ATTRIBUTES = {
  orderId: defineSearchAttributeKey('OrderId', 'KEYWORD'),
  organizationId: defineSearchAttributeKey('OrganizationId', 'KEYWORD'),
  caseId: defineSearchAttributeKey('CaseId', 'KEYWORD'),
  pharmacyId: defineSearchAttributeKey('PharmacyId', 'KEYWORD'),
  orderStatus: defineSearchAttributeKey('OrderStatus', 'KEYWORD'),
  /** Why an order needs attention. */
  orderReasonCode: defineSearchAttributeKey('OrderReasonCode', 'KEYWORD'),
} as const;

/** The names of all search attributes, each of type Keyword. A namespace needs every one of them. */
export const SEARCH_ATTRIBUTE_NAMES: readonly string[] = Object.values(SEARCH_ATTRIBUTES).map(
  ({ name }) => name,
);

/** Returns the search attributes that an order workflow starts with. */
export function startAttributes(order: {
  readonly orderId: string;
  readonly organizationId: string;
  readonly caseId: string;
  readonly pharmacyId: string;
}): SearchAttributePair[] {
  return [
    { key: SEARCH_ATTRIBUTES.orderId, value: order.orderId },
    { key: SEARCH_ATTRIBUTES.organizationId, value: order.organizationId },
    { key: SEARCH_ATTRIBUTES.caseId, value: order.caseId },
    { key: SEARCH_ATTRIBUTES.pharmacyId, value: order.pharmacyId },
    { key: SEARCH_ATTRIBUTES.orderStatus, value: 'ACCEPTED' },
  ];
}

/** Returns the owner and the pharmacy of an order workflow, as far as its search attributes name them. */
export function ownerFrom(attributes: TypedSearchAttributes): {
  readonly organizationId: string | null;
  readonly pharmacyId: string | null;
} {
  return {
    organizationId: attributes.get(SEARCH_ATTRIBUTES.organizationId) ?? null,
    pharmacyId: attributes.get(SEARCH_ATTRIBUTES.pharmacyId) ?? null,
  };
}
