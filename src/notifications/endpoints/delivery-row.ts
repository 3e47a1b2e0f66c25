import type { DeliveryView } from '../../contract/webhook-delivery.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { isUuid } from '../../lib/uuid.ts';
import type { Sql } from '../../storage/database.ts';
import { openAnswer } from '../sealed-answer.ts';
import { EndpointNotFoundError } from './endpoint-errors.ts';

/** The newest attempts that are shown, because replays add any number of them. */
const MOST_ATTEMPTS = 50;

/** The columns that {@link toDelivery} needs, from deliveries `d` and their events `e`. */
export function deliveryColumns(sql: Sql) {
  return sql`d.id, d.endpoint_id, d.event, d.event_id, e.order_id, d.status, d.next_attempt_at,
    d.delivered_at, d.created_at,
    (SELECT coalesce(json_agg(json_build_object(
        'at', at, 'status', status_code, 'durationMs', duration_ms, 'errorClass', error_class,
        'answerStart', answer_start, 'nextAttemptAt', next_attempt_at) ORDER BY id), '[]')
      FROM (SELECT * FROM webhook_attempts WHERE delivery_id = d.id
        ORDER BY id DESC LIMIT ${MOST_ATTEMPTS}) AS newest) AS tried`;
}

/** A row of {@link deliveryColumns}. */
export interface DeliveryRow {
  id: string;
  endpointId: string;
  event: DeliveryView['event'];
  eventId: string | null;
  orderId: string | null;
  status: DeliveryView['status'];
  tried: {
    at: string;
    status: number | null;
    durationMs: number;
    errorClass: string | null;
    answerStart: string | null;
    nextAttemptAt: string | null;
  }[];
  nextAttemptAt: Date | null;
  deliveredAt: Date | null;
  createdAt: Date;
}

/** Converts a row to the delivery that the API shows. */
export async function toDelivery(sql: Sql, { tried, ...row }: DeliveryRow): Promise<DeliveryView> {
  const attempts = tried.map(async ({ at, answerStart, nextAttemptAt, ...attempt }) => {
    const answer = await openAnswer(sql, row.id, answerStart);
    return {
      at: timestamp(at),
      ...attempt,
      ...(answer === null ? {} : { answerStart: answer }),
      nextAttemptAt: nextAttemptAt === null ? null : timestamp(nextAttemptAt),
    };
  });
  return {
    id: row.id,
    endpointId: row.endpointId,
    event: row.event,
    eventId: row.eventId,
    orderId: row.orderId,
    status: row.status,
    attempts: await Promise.all(attempts),
    nextAttemptAt: row.nextAttemptAt === null ? null : timestamp(row.nextAttemptAt),
    deliveredAt: row.deliveredAt === null ? null : timestamp(row.deliveredAt),
    createdAt: timestamp(row.createdAt),
  };
}

/**
 * Reads one delivery of an organization.
 *
 * @throws {EndpointNotFoundError} the organization has no such delivery.
 */
export async function readDelivery(
  sql: Sql,
  organizationId: string,
  deliveryId: string,
): Promise<DeliveryView> {
  const [row] = await sql<DeliveryRow[]>`
    SELECT ${deliveryColumns(sql)}
    FROM webhook_deliveries AS d LEFT JOIN events AS e ON e.id = d.event_id
    WHERE ${isUuid(deliveryId) ? sql`d.id = ${deliveryId}` : sql`false`}
      AND d.organization_id = ${organizationId}`;
  if (row === undefined) throw new EndpointNotFoundError('delivery');
  return await toDelivery(sql, row);
}
