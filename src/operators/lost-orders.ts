import type { Client } from '@temporalio/client';
import { foreignLookup } from '../egress/foreign-lookup.ts';
import { codeOf } from '../lib/safe-error.ts';
import { isUuid } from '../lib/uuid.ts';
import { createPharmacyDirectory } from '../pharmacy/directory.ts';
import type { Database } from '../storage/database.ts';
import { ownerFrom } from '../temporal/search-attributes.ts';
import { ORDER_WORKFLOW, orderWorkflowId } from '../workflows/order-messages.ts';

/** Workflows compared with Postgres in one statement. */
const PAGE = 200;
const PHARMACY_TIMEOUT_MS = 5_000;

/** An order that Postgres does not have, although it was accepted. */
export interface LostOrder {
  /** Its id, which is its reference at the pharmacy. */
  readonly orderId: string;
  readonly organizationId: string | null;
  readonly pharmacyId: string | null;
  /** When its workflow began; null if only a pharmacy's message names it. */
  readonly startedAt: Date | null;
  /** The pharmacy's id of the order; null if the pharmacy does not have it, or did not say. */
  readonly pharmacyOrderId: string | null;
  /** Its status there; `unknown`: the pharmacy does not have it; otherwise the code of the error. */
  readonly atPharmacy: string;
}

/**
 * Finds the orders that a restore of Postgres has lost: those of Temporal's workflows, and those that pharmacies' messages
 * name. It asks each pharmacy for its order, which changes nothing there.
 *
 * @param since the time of the backup; workflows that began earlier are not compared.
 */
export async function findLostOrders(
  database: Database,
  client: Client,
  since: Date,
): Promise<LostOrder[]> {
  const suspects = [
    ...(await fromTemporal(database, client, since)),
    ...(await fromMessages(database)),
  ];
  const lost = new Map(suspects.reverse().map((each) => [each.orderId, each]));
  const directory = createPharmacyDirectory(database, {
    timeoutMs: PHARMACY_TIMEOUT_MS,
    // Only looks orders up: it fetches no documents.
    foreign: { policy: { sandbox: false }, lookup: foreignLookup },
  });
  const found: LostOrder[] = [];
  for (const suspect of lost.values()) found.push({ ...suspect, ...(await atPharmacy(suspect)) });
  return found;

  async function atPharmacy({ orderId, pharmacyId }: Suspect) {
    try {
      const gateway = pharmacyId === null ? undefined : await directory.gateway(pharmacyId);
      if (gateway === undefined) return { pharmacyOrderId: null, atPharmacy: 'PHARMACY_UNKNOWN' };
      if (!gateway.hasReferences) return { pharmacyOrderId: null, atPharmacy: 'NO_REFERENCES' };
      const order = await gateway.findByReference(orderId, new AbortController().signal);
      return { pharmacyOrderId: order?.id ?? null, atPharmacy: order?.status ?? 'unknown' };
    } catch (error) {
      return { pharmacyOrderId: null, atPharmacy: codeOf(error) };
    }
  }
}

type Suspect = Omit<LostOrder, 'pharmacyOrderId' | 'atPharmacy'>;

async function fromTemporal(database: Database, client: Client, since: Date): Promise<Suspect[]> {
  const query = `WorkflowType = '${ORDER_WORKFLOW}' AND StartTime >= '${since.toISOString()}'`;
  const lost: Suspect[] = [];
  let page: Suspect[] = [];
  const compare = async () => {
    lost.push(...(await withoutOrder(database, page)));
    page = [];
  };
  for await (const info of client.workflow.list({ query, pageSize: PAGE })) {
    const orderId = info.workflowId.replace(/^order-/, '');
    if (!isUuid(orderId) || orderWorkflowId(orderId) !== info.workflowId) continue;
    page.push({ orderId, ...ownerFrom(info.typedSearchAttributes), startedAt: info.startTime });
    if (page.length === PAGE) await compare();
  }
  await compare();
  return lost;
}

async function withoutOrder(database: Database, page: readonly Suspect[]): Promise<Suspect[]> {
  const ids = page.map(({ orderId }) => orderId);
  const rows = await database<{ id: string }[]>`
    SELECT id FROM orders WHERE id = ANY(${ids}::text[]::uuid[])`;
  const known = new Set(rows.map(({ id }) => id));
  return page.filter(({ orderId }) => !known.has(orderId));
}

/** The messages wait in the inbox, because no order has their reference. Test orders never have one. */
async function fromMessages(database: Database): Promise<Suspect[]> {
  const rows = await database<{ orderId: string; pharmacyId: string }[]>`
    SELECT DISTINCT ON (reference) reference AS order_id, pharmacy_id FROM inbox
    WHERE order_id IS NULL AND reference IS NOT NULL AND reference NOT LIKE '00000000-%'
    ORDER BY reference, id`;
  const named = rows.filter(({ orderId }) => isUuid(orderId));
  return await withoutOrder(
    database,
    named.map((each) => ({ ...each, organizationId: null, startedAt: null })),
  );
}
