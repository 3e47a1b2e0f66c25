const CASE = 'case-1';

/** A deployment with a command line and a pharmacy simulator. */
export interface PreparedDeployment {
  /** Runs `rx …` with `--json`. */
  rx<T>(
    args: readonly string[],
    options?: { input?: string; env?: Record<string, string> },
  ): Promise<T>;
  /** Calls the control API of the simulator. */
  simulator<T>(route: string): Promise<T>;
}

interface Pharmacies {
  readonly pharmacies: { id: string; token: string; webhookSecret: string }[];
}

/**
 * Makes an organization, an API key, pharmacies and a case with the commands of the first-run guide.
 *
 * @param simulatorUrl the simulator's address for the workers.
 */
export async function prepare(
  deployment: PreparedDeployment,
  simulatorUrl: string,
  pharmacyIds: readonly string[],
): Promise<{ apiKey: string; caseId: string }> {
  const { organization } = await deployment.rx<{ organization: { id: string } }>([
    ...['org', 'create', 'Demo Telehealth'],
  ]);
  const { apiKey } = await deployment.rx<{ apiKey: string }>([
    ...['key', 'create', '--org', organization.id, '--name', 'backend'],
    ...['--scopes', 'orders:write,orders:read'],
  ]);
  const { pharmacies } = await deployment.simulator<Pharmacies>('pharmacies');
  for (const id of pharmacyIds) {
    const pharmacy = pharmacies.find((each) => each.id === id);
    if (pharmacy === undefined) throw new Error(`the simulator has no ${id}`);
    await deployment.rx(
      [
        ...['pharmacy', 'add', id, '--allow-http'],
        ...['--base-url', `${simulatorUrl}/pharmacies/${id}`, '--token-file', '-'],
        ...['--webhook-auth', 'standard-webhooks', '--webhook-secret-env', 'HOOK_SECRET'],
      ],
      { input: pharmacy.token, env: { HOOK_SECRET: pharmacy.webhookSecret } },
    );
  }
  const patient = { firstName: 'Jane', lastName: 'Sample', dateOfBirth: '1980-04-01' };
  await deployment.rx(['case', 'import', '-', '--org', organization.id], {
    input: `${JSON.stringify({ id: CASE, patient })}\n`,
  });
  return { apiKey, caseId: CASE };
}
