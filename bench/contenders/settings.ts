import type { SandboxPharmacy } from '../../sandbox/fixtures.ts';

/** What a benchmark tells a contender. */
export interface ContenderSettings {
  readonly port: number;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly pharmacy: SandboxPharmacy;
  /** Where the notifications go. */
  readonly receiverUrl: string;
  /** Where the documents go. */
  readonly folder: string;
}

/** Reads the settings that the benchmark put into the environment. */
export function readSettings(): ContenderSettings {
  return JSON.parse(process.env.CONTENDER_SETTINGS ?? '') as ContenderSettings;
}
