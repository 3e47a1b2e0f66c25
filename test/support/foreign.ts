import { lookup } from 'node:dns/promises';
import type { ForeignAccess } from '../../src/egress/destination.ts';

/** How the sandbox reaches the links of documents: loopback only. */
export const LOOPBACK: ForeignAccess = { policy: { sandbox: true }, lookup };
