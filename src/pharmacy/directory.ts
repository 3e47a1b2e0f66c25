import type { ForeignAccess } from '../egress/destination.ts';
import type { PharmacyMessage } from '../orders/pharmacy-message.ts';
import { type Database, withTimeout } from '../storage/database.ts';
import { createNotifiedCache } from '../storage/notified-cache.ts';
import { createCareValidateGateway } from './carevalidate-gateway.ts';
import { parseCareValidateMessage } from './carevalidate-message.ts';
import type { PharmacyGateway } from './gateway.ts';
import { createRestGateway } from './rest-gateway.ts';
import { parseRestMessage } from './rest-message.ts';
import { openToken, openWebhookAuth } from './sealed-settings.ts';
import {
  authenticatedPart,
  explainRefusal,
  isAuthentic,
  type RawWebhook,
  type Unreadable,
  type WebhookRefusal,
} from './webhook-auth.ts';

/** A configured pharmacy. */
export interface Pharmacy {
  readonly id: string;
  readonly kind: string;
  readonly active: boolean;
  /** Whether only the organizations of `pharmacy_access` may place orders there. */
  readonly restricted: boolean;
  /** How long an order may wait for its completion, in milliseconds; null: the default. */
  readonly completionLimitMs: number | null;
  /** Whether its webhook secret is random by its format, so that nobody can guess it. */
  readonly hasRandomSecret: boolean;
  /** Whether a webhook comes from this pharmacy. */
  isAuthentic(webhook: RawWebhook): boolean;
  /** Returns why a webhook is not authentic, as a code. */
  explainRefusal(webhook: RawWebhook): WebhookRefusal;
  /** Reads an authentic webhook, or names the field that cannot be read. */
  readMessage(webhook: RawWebhook): PharmacyMessage | Unreadable;
}

/** Finds the pharmacies of this deployment. */
export interface PharmacyDirectory {
  /** Finds a pharmacy; undefined for an unknown one. */
  find(pharmacyId: string): Promise<Pharmacy | undefined>;
  /**
   * Creates the gateway to a pharmacy; undefined if the pharmacy or its kind is unknown.
   *
   * @param token replaces the pharmacy's own token, to check that the pharmacy refuses others.
   */
  gateway(pharmacyId: string, token?: string): Promise<PharmacyGateway | undefined>;
}

/** The parts of a pharmacy kind; CONTRIBUTING.md explains how to add a kind. */
interface PharmacyKind {
  createGateway(options: {
    baseUrl: string;
    token: string;
    timeoutMs: number;
    foreign: ForeignAccess;
    /** Returns which of these pharmacy order ids our orders already have. */
    findTaken: (pharmacyOrderIds: readonly string[]) => Promise<ReadonlySet<string>>;
    /** Returns the stored documents of our orders with these pharmacy order ids. */
    findDocuments: (
      pharmacyOrderIds: readonly string[],
    ) => Promise<readonly { pharmacyOrderId: string; pharmacyDocumentId: string }[]>;
  }): PharmacyGateway;
  parseMessage(webhook: RawWebhook): PharmacyMessage | Unreadable;
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
 * Creates the directory of the table `pharmacies`. It keeps each pharmacy for a second at most, and Postgres
 * notifies it of every change (migration 0028), so that a new address or token takes effect within
 * milliseconds.
 *
 * @param options.timeoutMs the time-out of one call to a pharmacy, in milliseconds.
 * @param options.foreign how documents outside of the pharmacies' own servers are reached.
 */
export function createPharmacyDirectory(
  database: Database,
  { timeoutMs, foreign }: { readonly timeoutMs: number; readonly foreign: ForeignAccess },
): PharmacyDirectory {
  const cache = createNotifiedCache<PharmacyRow>(database, 'pharmacies');

  async function readRow(pharmacyId: string): Promise<PharmacyRow | undefined> {
    const query = database<PharmacyRow[]>`
      SELECT id, kind, base_url, token, webhook_auth, active, restricted, completion_limit_ms
      FROM pharmacies WHERE id = ${pharmacyId}`;
    const [row] = await withTimeout(query);
    return row;
  }

  async function read(pharmacyId: string): Promise<PharmacyRow | undefined> {
    if (pharmacyId.includes('\0')) return undefined;
    return cache.find(pharmacyId) ?? (await cache.load(pharmacyId, () => readRow(pharmacyId)));
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
        restricted: row.restricted,
        completionLimitMs: row.completionLimitMs === null ? null : Number(row.completionLimitMs),
        hasRandomSecret: auth.kind === 'standard-webhooks',
        isAuthentic: (webhook) => isAuthentic(auth, webhook),
        explainRefusal: (webhook) => explainRefusal(auth, webhook),
        readMessage: (webhook) =>
          KINDS.get(row.kind)?.parseMessage(authenticatedPart(auth, webhook)) ?? {
            unreadable: 'body',
          },
      };
    },
    async gateway(pharmacyId, token) {
      const row = await read(pharmacyId);
      const kind = row === undefined ? undefined : KINDS.get(row.kind);
      if (row === undefined || kind === undefined) return undefined;
      return kind.createGateway({
        baseUrl: row.baseUrl,
        token: token ?? (await withTimeout(openToken(database, row.id, row.token))),
        ...{ timeoutMs, foreign },
        async findTaken(ids) {
          const rows = await database<{ pharmacyOrderId: string }[]>`
            SELECT pharmacy_order_id FROM orders
            WHERE pharmacy_id = ${row.id} AND pharmacy_order_id = ANY(${[...ids]}::text[])`;
          return new Set(rows.map(({ pharmacyOrderId }) => pharmacyOrderId));
        },
        findDocuments: async (ids) =>
          await database<{ pharmacyOrderId: string; pharmacyDocumentId: string }[]>`
            SELECT pharmacy_order_id, pharmacy_document_id
            FROM documents JOIN orders ON orders.id = order_id
            WHERE pharmacy_id = ${row.id} AND pharmacy_order_id = ANY(${[...ids]}::text[])`,
      });
    },
  };
}

interface PharmacyRow {
  id: string;
  kind: string;
  baseUrl: string;
  token: string;
  /** Encrypted, as the token is. */
  webhookAuth: string;
  active: boolean;
  restricted: boolean;
  completionLimitMs: string | null;
}
