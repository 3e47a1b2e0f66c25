import { z } from 'zod';

const schema = z.object({
  /** 0 lets the system choose a port. The log line `listening` names it. */
  SIMULATOR_PORT: z.coerce.number().int().min(0).max(65_535).default(4010),
  SIMULATOR_HOST: z.string().default('127.0.0.1'),
  /** The folder of the ledger and the secrets. */
  SIMULATOR_DATA_DIR: z.string(),
  /** The simulator sends a pharmacy's webhooks to `<webhookUrl>/<pharmacyId>`. */
  SIMULATOR_WEBHOOK_URL: z.url({ protocol: /^https?$/ }),
  /** Seeds the faults of `pharmacy-flaky`, so that a run can be repeated. */
  SIMULATOR_SEED: z.coerce.number().int().default(1),
  /** A bearer token that opens the control API to callers on other machines, such as the host of a container. */
  SIMULATOR_CONTROL_TOKEN: z.string().min(16).optional(),
});

/** The simulator's configuration. */
export interface Configuration {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly webhookUrl: string;
  readonly seed: number;
  /** undefined: the control API serves this machine only. */
  readonly controlToken: string | undefined;
}

/**
 * Reads the configuration from an environment. An empty variable counts as not set.
 *
 * @throws {Error} with the name of every invalid variable, never a value.
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
    controlToken: value.SIMULATOR_CONTROL_TOKEN,
  };
}
