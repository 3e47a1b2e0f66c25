import { randomUUID } from 'node:crypto';
import { type CallFault, explainFault } from './conformance/explain-fault.ts';
import type { PharmacyGateway } from './gateway.ts';

/** The result of a probe. */
export interface PharmacyProbe {
  /** Whether the pharmacy answered at all. */
  readonly reachable: boolean;
  /** Whether the pharmacy accepted our token; null if the probe could not tell. */
  readonly authorized: boolean | null;
  /** The error's code, safe to show; null if there was none. */
  readonly code: string | null;
  /** What is wrong and what to do; null if nothing is. */
  readonly problem: string | null;
  /** From the request to the answer, in milliseconds. */
  readonly latencyMs: number;
}

/**
 * Probes a pharmacy: looks up an order that does not exist. The request changes nothing there and carries
 * no patient data.
 *
 * @param intruder a gateway to the same pharmacy with a token that it never issued. With it, the probe also notices a
 *   base URL that leads elsewhere: there, every path may be unknown, as the order is.
 */
export async function probePharmacy(
  gateway: PharmacyGateway,
  intruder?: PharmacyGateway,
): Promise<PharmacyProbe> {
  const since = performance.now();
  const fault = await faultOf(gateway);
  const latencyMs = Math.round(performance.now() - since);
  if (fault !== undefined) {
    const { code, message, status, answered } = fault;
    const refused = status === 401 || status === 403;
    return {
      reachable: answered || status !== undefined,
      authorized: refused ? false : null,
      ...{ code, problem: message, latencyMs },
    };
  }
  if (intruder !== undefined && (await faultOf(intruder)) === undefined) {
    return {
      ...{ reachable: true, authorized: null, latencyMs },
      code: 'PHARMACY_ANY_TOKEN',
      problem:
        'knows no order, whatever the token is: correct the base URL if its paths are unknown there, or refuse wrong tokens with 401',
    };
  }
  return { reachable: true, authorized: true, code: null, problem: null, latencyMs };
}

/** @throws an error that does not come from the call. */
async function faultOf(gateway: PharmacyGateway): Promise<CallFault | undefined> {
  try {
    await gateway.findByReference(randomUUID(), new AbortController().signal);
    return undefined;
  } catch (error) {
    const fault = explainFault(error);
    if (fault === undefined) throw error;
    return fault;
  }
}
