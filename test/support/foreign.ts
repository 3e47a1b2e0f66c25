import type { ForeignAccess } from '../../src/egress/destination.ts';
import { foreignLookup } from '../../src/egress/foreign-lookup.ts';

/** How the sandbox reaches the links of documents: loopback only. */
export const LOOPBACK: ForeignAccess = { policy: { sandbox: true }, lookup: foreignLookup };
