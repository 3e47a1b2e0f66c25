import type { ConnectionLike } from '@temporalio/client';
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import proto from '@temporalio/proto';

const KEYWORD = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

/** The search attributes of orders. Temporal stores them in clear text, so they hold only ids and codes. */
export const SEARCH_ATTRIBUTES = {
  orderId: defineSearchAttributeKey('OrderId', 'KEYWORD'),
  organizationId: defineSearchAttributeKey('OrganizationId', 'KEYWORD'),
  caseId: defineSearchAttributeKey('CaseId', 'KEYWORD'),
  pharmacyId: defineSearchAttributeKey('PharmacyId', 'KEYWORD'),
  orderStatus: defineSearchAttributeKey('OrderStatus', 'KEYWORD'),
} as const;

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

/**
 * Registers those search attributes of orders that a namespace lacks.
 *
 * @throws {ServiceError} Temporal's own error, for example if the caller lacks the permission. Temporal
 *   Cloud refuses the call: register them there with `tcld` or in the UI.
 */
export async function registerSearchAttributes(
  connection: ConnectionLike,
  namespace: string,
): Promise<void> {
  const names = Object.values(SEARCH_ATTRIBUTES).map((key) => key.name);
  const present = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = names.filter((name) => present.customAttributes?.[name] === undefined);
  if (missing.length === 0) return;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
  });
}
