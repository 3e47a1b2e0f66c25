import type { Project } from './project.ts';

const CASE = 'case-1';
const PHARMACY = 'pharmacy-123';

interface Pharmacies {
  readonly pharmacies: { id: string; token: string; webhookSecret: string }[];
}

/**
 * Makes an organization, an API key, a pharmacy and a case with the commands of the first-run guide.
 *
 * @returns the key and the case.
 */
export async function prepare(project: Project): Promise<[apiKey: string, caseId: string]> {
  const { organization } = await project.rx<{ organization: { id: string } }>([
    ...['org', 'create', 'Demo Telehealth'],
  ]);
  const { apiKey } = await project.rx<{ apiKey: string }>([
    ...['key', 'create', '--org', organization.id, '--name', 'backend'],
    ...['--scopes', 'orders:write,orders:read'],
  ]);
  const { pharmacies } = await project.simulator<Pharmacies>('pharmacies');
  const pharmacy = pharmacies.find(({ id }) => id === PHARMACY);
  if (pharmacy === undefined) throw new Error(`the simulator has no ${PHARMACY}`);
  await project.rx(
    [
      ...['pharmacy', 'add', PHARMACY, '--allow-http'],
      ...['--base-url', `http://simulator:4010/pharmacies/${PHARMACY}`, '--token-file', '-'],
      ...['--webhook-auth', 'standard-webhooks', '--webhook-secret-env', 'HOOK_SECRET'],
    ],
    { input: pharmacy.token, env: { HOOK_SECRET: pharmacy.webhookSecret } },
  );
  const patient = { firstName: 'Jane', lastName: 'Sample', dateOfBirth: '1980-04-01' };
  await project.rx(['case', 'import', '-', '--org', organization.id], {
    input: `${JSON.stringify({ id: CASE, patient })}\n`,
  });
  return [apiKey, CASE];
}
