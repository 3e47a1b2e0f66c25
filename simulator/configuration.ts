import { z } from 'zod';

const schema = z.object({
  /** 0 lets the system choose; the log line `listening` tells which. */
  SIMULATOR_PORT: z.coerce.number().int().min(0).max(65_535).default(4010),
  SIMULATOR_HOST: z.string().default('127.0.0.1'),
  /** Folder of the ledger and the secrets. */
  SIMULATOR_DATA_DIR: z.string(),
  /** A webhook goes to `<this>/<pharmacyId>`. */
  SIMULATOR_WEBHOOK_URL: z.url({ protocol: /^https?$/ }),
  /** Seeds the faults of `pharmacy-flaky`, so that a run can be repeated. */
  SIMULATOR_SEED: z.coerce.number().int().default(1),
});

/** What the simulator runs with. */
export interface Configuration {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly webhookUrl: string;
  readonly seed: number;
}

/**
 * Reads the configuration from an environment; an empty variable counts as one that is not set.
 *
 * @throws {Error} names every variable at fault, never a value.
 */
export function parseConfiguration(
  env: Readonly<Record<string, string | undefined>>,
): Configuration {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(present);
  if (!result.success) {
    const faults = result.error.issues.map(({ path: [name = ''], message }) =>
      present[String(name)] === undefined
        ? `${String(name)} is required`
        : `${String(name)}: ${message}`,
    );
    throw new Error(`invalid configuration: ${faults.join('; ')}`);
  }
  const value = result.data;
  return {
    port: value.SIMULATOR_PORT,
    host: value.SIMULATOR_HOST,
    dataDir: value.SIMULATOR_DATA_DIR,
    webhookUrl: value.SIMULATOR_WEBHOOK_URL.replace(/\/+$/, ''),
    seed: value.SIMULATOR_SEED,
  };
}
