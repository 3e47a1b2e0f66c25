import type { Sql } from '../storage/database.ts';
import { InvalidOrderError } from './order-errors.ts';
import {
  ADDRESS_MISSING,
  type Candidate,
  preconditions,
  requireLawfulAndOwned,
  type Verdict,
  verdict,
} from './preconditions.ts';

/**
 * Checks an order as accepting it would, and stores nothing.
 *
 * @throws what `acceptOrder` throws, but for a used idempotency key.
 */
export async function validateOrder(sql: Sql, candidate: Candidate): Promise<void> {
  const [row] = await sql<Verdict[]>`WITH ${preconditions(sql, candidate)} SELECT ${verdict(sql)}`;
  requireLawfulAndOwned(candidate.order, row);
  if (!row?.addressed) throw new InvalidOrderError([ADDRESS_MISSING]);
}
