import type { SandboxPharmacy } from '../../sandbox/fixtures.ts';

/** Changes how a pharmacy of a simulator behaves. */
export async function configurePharmacy(
  simulatorUrl: string,
  pharmacyId: string,
  patch: object,
): Promise<void> {
  const answer = await fetch(`${simulatorUrl}/control/pharmacies/${pharmacyId}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(patch),
  });
  if (!answer.ok) throw new Error(`${pharmacyId} cannot be configured: ${answer.status}`);
}

/** Reads what connects to a pharmacy of a simulator. */
export async function pharmacyOf(
  simulatorUrl: string,
  pharmacyId: string,
): Promise<SandboxPharmacy> {
  const answer = await fetch(`${simulatorUrl}/control/pharmacies`);
  const { pharmacies } = (await answer.json()) as { pharmacies: SandboxPharmacy[] };
  const found = pharmacies.find(({ id }) => id === pharmacyId);
  if (found === undefined) throw new Error(`the simulator has no ${pharmacyId}`);
  return found;
}
