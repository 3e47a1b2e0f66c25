import { randomUUID } from 'node:crypto';
import type { PharmacyGateway } from './gateway.ts';
import { PharmacyFaultError, PharmacyUnavailableError } from './pharmacy-errors.ts';

/** How a pharmacy answered a harmless question. */
export interface PharmacyProbe {
  /** Whether it answered at all. */
  readonly reachable: boolean;
  /** Whether it took our token; null when it did not come to that. */
  readonly authorized: boolean | null;
  /** What went wrong, safe to show; null when nothing did. */
  readonly code: string | null;
  /** From the question to the answer. */
  readonly latencyMs: number;
}

const HTTP = /^PHARMACY_HTTP_(\d{3})$/;
/** It answered, but not what was asked. */
const NONSENSE = new Set(['PHARMACY_BAD_ANSWER', 'PHARMACY_OTHER_REFERENCE']);

/**
 * Asks a pharmacy for an order that no one placed: it reads, changes nothing there and carries no
 * patient data.
 */
export async function probePharmacy(gateway: PharmacyGateway): Promise<PharmacyProbe> {
  const since = performance.now();
  const code = await ask(gateway);
  const latencyMs = Math.round(performance.now() - since);
  if (code === null) return { reachable: true, authorized: true, code, latencyMs };
  const answered = HTTP.exec(code)?.[1];
  const refused = answered === '401' || answered === '403';
  return {
    reachable: answered !== undefined || NONSENSE.has(code),
    authorized: refused ? false : null,
    code,
    latencyMs,
  };
}

async function ask(gateway: PharmacyGateway): Promise<string | null> {
  try {
    await gateway.findByReference(randomUUID(), new AbortController().signal);
    return null;
  } catch (error) {
    if (error instanceof PharmacyFaultError) return error.code;
    if (error instanceof PharmacyUnavailableError) return error.code;
    throw error;
  }
}
