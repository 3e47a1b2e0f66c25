import { randomUUID } from 'node:crypto';
import type { PharmacyGateway } from './gateway.ts';
import { PharmacyCallError } from './pharmacy-errors.ts';

/** The result of a probe. */
export interface PharmacyProbe {
  /** Whether the pharmacy answered at all. */
  readonly reachable: boolean;
  /** Whether the pharmacy accepted our token; null if the probe could not tell. */
  readonly authorized: boolean | null;
  /** The error's code, safe to show; null if there was none. */
  readonly code: string | null;
  /** From the request to the answer, in milliseconds. */
  readonly latencyMs: number;
}

const HTTP = /^PHARMACY_HTTP_(\d{3})$/;
/** Codes of pharmacies that answered, but not as the protocol says. */
const BAD_ANSWERS = new Set(['PHARMACY_BAD_ANSWER', 'PHARMACY_OTHER_REFERENCE']);

/**
 * Probes a pharmacy: looks up an order that does not exist. The request changes nothing there and carries
 * no patient data.
 */
export async function probePharmacy(gateway: PharmacyGateway): Promise<PharmacyProbe> {
  const since = performance.now();
  const code = await errorCodeOf(gateway);
  const latencyMs = Math.round(performance.now() - since);
  if (code === null) return { reachable: true, authorized: true, code, latencyMs };
  const answered = HTTP.exec(code)?.[1];
  const refused = answered === '401' || answered === '403';
  return {
    reachable: answered !== undefined || BAD_ANSWERS.has(code),
    authorized: refused ? false : null,
    code,
    latencyMs,
  };
}

async function errorCodeOf(gateway: PharmacyGateway): Promise<string | null> {
  try {
    await gateway.findByReference(randomUUID(), new AbortController().signal);
    return null;
  } catch (error) {
    if (error instanceof PharmacyCallError) return error.code;
    throw error;
  }
}
