import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';

/** What an order can be searched by in Temporal. Never encrypted, so ids and codes only. */
export const SEARCH_ATTRIBUTES = {
  orderId: defineSearchAttributeKey('OrderId', 'KEYWORD'),
  organizationId: defineSearchAttributeKey('OrganizationId', 'KEYWORD'),
  caseId: defineSearchAttributeKey('CaseId', 'KEYWORD'),
  pharmacyId: defineSearchAttributeKey('PharmacyId', 'KEYWORD'),
  orderStatus: defineSearchAttributeKey('OrderStatus', 'KEYWORD'),
} as const;

/** The search attributes that an order workflow starts with. */
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
