import type { CaseEvent, PingEvent } from '../../contract/case-activity.ts';
import type { CaseAttachment } from '../../contract/customer-case-detail.ts';
import type { OrderStatus } from '../../contract/order.ts';
import type {
  OrderEventContent,
  StoredAttachment,
  StoredEvent,
  StoredOrder,
} from './stored-event.ts';

/** How an endpoint wants its events rendered. */
export interface Rendering {
  /** `full` adds the case's orders and attachments. */
  readonly payloadMode: 'event' | 'full';
  /** A link to an attachment's bytes, or the bytes in base64. */
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
 * Renders an event as its receiver gets it (docs/webhooks.md, "Events"). No other
 * code does. The same event always gives the same body, apart from links. A receiver that parses the
 * body and calls `JSON.stringify` gets the same bytes back, so signatures of re-serialized bodies match.
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
    case 'DELETE_ATTACHMENT': {
      if (content.attachment === undefined) throw new Error(`event ${stored.id} has no attachment`);
      const attachment = describeAttachment(content.attachment);
      return { event, ...body, payload: { ...body.payload, attachment } };
    }
    case 'ORDER_CREATED':
    case 'ORDER_STATUS_CHANGED':
      return { event, ...body };
    case 'ENDPOINT_DISABLED':
      throw new Error(`event ${stored.id} has no endpoint`);
  }
}

/** Renders the body of a `PING`, which tests an endpoint. */
export function renderPing(endpointId: string): string {
  const ping: PingEvent = { event: 'PING', payload: { endpoint: { id: endpointId } } };
  return JSON.stringify(ping);
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
  const { contentType, size, sha256, ...described } = describeAttachment(stored);
  // The bytes of a withdrawn document are not offered.
  const bytes = stored.isDeleted === true ? {} : await bytesOf(stored);
  return { ...described, ...bytes, contentType, size, sha256 };
}

/** An attachment without its bytes. */
function describeAttachment(stored: StoredAttachment): CaseAttachment {
  const { id, fileName, createdAt, pharmacyId, contentType, size, sha256 } = stored;
  return {
    id,
    isRestricted: false,
    isPHI: true,
    fileName,
    isDeleted: stored.isDeleted ?? false,
    createdAt,
    // The API that we follow names a person. Here the document comes from the pharmacy.
    uploadedBy: { firstName: 'Pharmacy', lastName: pharmacyId },
    contentType,
    size,
    sha256,
  };
}
