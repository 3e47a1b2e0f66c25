import type { CaseEvent } from '../../contract/case-activity.ts';
import type { CaseAttachment } from '../../contract/customer-case-detail.ts';
import type { OrderStatus } from '../../contract/order.ts';
import type {
  OrderEventContent,
  StoredAttachment,
  StoredEvent,
  StoredOrder,
} from './stored-event.ts';

/** How a receiver wants events. */
export interface Rendering {
  /** `full`: the case with its orders and attachments. */
  readonly payloadMode: 'event' | 'full';
  /** Where an attachment's bytes are, or the bytes in base64. */
  bytesOf(attachment: StoredAttachment): Promise<{ url: string } | { content: string }>;
}

const MESSAGES: Readonly<Record<OrderStatus, string>> = {
  ACCEPTED: 'The order is accepted.',
  PLACING: 'The order is being placed at the pharmacy.',
  AWAITING_COMPLETION: 'The pharmacy has the order.',
  FETCHING_DOCUMENTS: 'The documents are being fetched.',
  COMPLETED: 'The order is completed.',
  REJECTED: 'The pharmacy rejected the order.',
  CANCELLED: 'The order is cancelled.',
  EXPIRED: 'The order expired.',
  NEEDS_ATTENTION: 'The order needs attention.',
};

/**
 * Renders an event as its receiver gets it (api.md, "Notifications to the organization"): the one
 * place that does. The same event gives the same body each time, but for the links in it; as
 * `JSON.stringify` writes it, it survives being parsed and written again byte by byte.
 */
export async function renderEvent(stored: StoredEvent, rendering: Rendering): Promise<CaseEvent> {
  const { event, content, sequence } = stored;
  if ('endpoint' in content) {
    const { id, url, reason } = content.endpoint;
    return { event: 'ENDPOINT_DISABLED', payload: { endpoint: { id, url, reason } } };
  }
  const body = {
    order: renderOrder(content.order),
    payload: { case: await renderCase(content, rendering) },
    sequence: sequence ?? 0,
  };
  switch (event) {
    case 'ORDER_TRACKING_ADDED':
      return { event, ...body, order: { ...body.order, trackingId: content.trackingId ?? '' } };
    case 'ADD_CASE_ATTACHMENT': {
      if (content.attachment === undefined) throw new Error(`event ${stored.id} has no attachment`);
      const attachment = await renderAttachment(content.attachment, rendering);
      return { event, ...body, payload: { ...body.payload, attachment } };
    }
    case 'ORDER_CREATED':
    case 'ORDER_STATUS_CHANGED':
      return { event, ...body };
    case 'ENDPOINT_DISABLED':
      throw new Error(`event ${stored.id} tells of no endpoint`);
  }
}

function renderOrder({ id, status, reason, createdAt }: StoredOrder) {
  return { id, status, message: reason ?? MESSAGES[status], createdAt };
}

async function renderCase(content: OrderEventContent, rendering: Rendering) {
  const { id, status, createdAt, updatedAt } = content.case;
  const shown = { id, status, createdAt, updatedAt };
  if (rendering.payloadMode === 'event') return shown;
  const attachments: CaseAttachment[] = [];
  for (const attachment of content.attachments ?? []) {
    attachments.push(await renderAttachment(attachment, rendering));
  }
  return { ...shown, orders: (content.orders ?? []).map(renderOrder), attachments };
}

async function renderAttachment(
  stored: StoredAttachment,
  { bytesOf }: Rendering,
): Promise<CaseAttachment> {
  const { id, fileName, createdAt, pharmacyId, contentType, size, sha256 } = stored;
  return {
    id,
    isRestricted: false,
    isPHI: true,
    fileName,
    isDeleted: false,
    createdAt,
    // The original names a person; here a pharmacy made it.
    uploadedBy: { firstName: 'Pharmacy', lastName: pharmacyId },
    ...(await bytesOf(stored)),
    contentType,
    size,
    sha256,
  };
}
