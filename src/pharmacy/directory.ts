import type { PharmacyMessage } from '../orders/pharmacy-message.ts';
import { type Database, withTimeout } from '../storage/database.ts';
import { createCareValidateGateway } from './carevalidate-gateway.ts';
import { parseCareValidateMessage } from './carevalidate-message.ts';
import type { PharmacyGateway } from './gateway.ts';
import { createRestGateway } from './rest-gateway.ts';
import { parseRestMessage } from './rest-message.ts';
import { openToken, openWebhookAuth } from './sealed-settings.ts';
import { isAuthentic, type RawWebhook, vouchedFor } from './webhook-auth.ts';

/** A pharmacy as it is configured. */
export interface Pharmacy {
  readonly id: string;
  readonly kind: string;
  readonly active: boolean;
  /** How long an order may wait here for its completion, in milliseconds; null: the default. */
  readonly completionLimitMs: number | null;
  /** Whether a webhook comes from this pharmacy. */
  isAuthentic(webhook: RawWebhook): boolean;
  /** What an authentic webhook says; undefined when it is no message of this kind of pharmacy. */
  readMessage(webhook: RawWebhook): PharmacyMessage | undefined;
}

/** The pharmacies that this deployment knows. */
export interface PharmacyDirectory {
  find(pharmacyId: string): Promise<Pharmacy | undefined>;
  /** The gateway to a pharmacy; undefined for one that is unknown or of an unknown kind. */
  gateway(pharmacyId: string): Promise<PharmacyGateway | undefined>;
}

/** What a kind of pharmacy needs; CONTRIBUTING.md tells how to add one. */
interface PharmacyKind {
  createGateway(options: {
    baseUrl: string;
    token: string;
    timeoutMs: number;
    /** Of the pharmacy's ids, those that orders of ours have already. */
    findTaken: (pharmacyOrderIds: readonly string[]) => Promise<ReadonlySet<string>>;
  }): PharmacyGateway;
  parseMessage(webhook: RawWebhook): PharmacyMessage | undefined;
}

const KINDS: ReadonlyMap<string, PharmacyKind> = new Map([
  ['rest', { createGateway: createRestGateway, parseMessage: parseRestMessage }],
  [
    'carevalidate',
    { createGateway: createCareValidateGateway, parseMessage: parseCareValidateMessage },
  ],
]);

/** The kinds of pharmacy that can be set up. */
export const PHARMACY_KINDS: readonly string[] = [...KINDS.keys()];

/**
 * The directory over the table `pharmacies`. Each look reads the table, so that a pharmacy's new
 * address or token holds from the next call on.
 *
 * @param timeoutMs for one call to a pharmacy.
 */
export function createPharmacyDirectory(database: Database, timeoutMs: number): PharmacyDirectory {
  async function read(pharmacyId: string): Promise<PharmacyRow | undefined> {
    if (pharmacyId.includes('\0')) return undefined;
    const query = database<PharmacyRow[]>`
      SELECT id, kind, base_url, token, webhook_auth, active, completion_limit_ms
      FROM pharmacies WHERE id = ${pharmacyId}`;
    const [row] = await withTimeout(query);
    return row;
  }

  return {
    async find(pharmacyId) {
      const row = await read(pharmacyId);
      if (row === undefined) return undefined;
      const auth = await withTimeout(openWebhookAuth(database, row.id, row.webhookAuth));
      return {
        id: row.id,
        kind: row.kind,
        active: row.active,
        completionLimitMs: row.completionLimitMs === null ? null : Number(row.completionLimitMs),
        isAuthentic: (webhook) => isAuthentic(auth, webhook),
        readMessage: (webhook) => KINDS.get(row.kind)?.parseMessage(vouchedFor(auth, webhook)),
      };
    },
    async gateway(pharmacyId) {
      const row = await read(pharmacyId);
      const kind = row === undefined ? undefined : KINDS.get(row.kind);
      if (row === undefined || kind === undefined) return undefined;
      return kind.createGateway({
        baseUrl: row.baseUrl,
        token: await withTimeout(openToken(database, row.id, row.token)),
        timeoutMs,
        async findTaken(ids) {
          const rows = await database<{ pharmacyOrderId: string }[]>`
            SELECT pharmacy_order_id FROM orders
            WHERE pharmacy_id = ${row.id} AND pharmacy_order_id = ANY(${[...ids]}::text[])`;
          return new Set(rows.map(({ pharmacyOrderId }) => pharmacyOrderId));
        },
      });
    },
  };
}

interface PharmacyRow {
  id: string;
  kind: string;
  baseUrl: string;
  token: string;
  /** Sealed, as the token is. */
  webhookAuth: string;
  active: boolean;
  completionLimitMs: string | null;
}
