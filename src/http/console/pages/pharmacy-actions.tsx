import { testPharmacy } from '../../../operators/test-pharmacy.ts';
import { replacePharmacySecrets, setPharmacyActive } from '../../../pharmacy/registry.ts';
import type { PharmacySecrets } from '../../../pharmacy/sealed-settings.ts';
import { makeWebhookAuth, WEBHOOK_AUTH_KINDS } from '../../../pharmacy/webhook-auth.ts';
import { webhookSecretFault } from '../../../pharmacy/webhook-secret-rules.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Answer, Page } from '../page.ts';
import { resultView } from '../parts/result.tsx';

const TEST_TIMEOUT_MS = 10_000;

/** The actions on a pharmacy: `POST /pharmacies/:pharmacyId/…`. */
export function pharmacyActions({ database }: ConsoleDependencies): readonly Page[] {
  const action = (
    name: string,
    limits: Pick<Page, 'role' | 'audit'>,
    act: (id: string, form: URLSearchParams) => Promise<Answer>,
  ): Page => ({
    method: 'POST',
    url: `/pharmacies/:pharmacyId/${name}`,
    ...limits,
    async handle({ params, form, about }) {
      const id = params['pharmacyId'] ?? '';
      const answer = await act(id, form);
      about({ requestId: `pharmacy/${id}` });
      return answer;
    },
  });
  const pageOf = (id: string) => `/pharmacies/${encodeURIComponent(id)}`;
  const turn = (name: string, active: boolean, audit: string) =>
    action(name, { role: 'operator', audit }, async (id) => {
      await setPharmacyActive(database, id, active);
      return { redirectTo: pageOf(id) };
    });

  return [
    turn('enable', true, 'PHARMACY_ENABLED'),
    turn('disable', false, 'PHARMACY_DISABLED'),
    action('test', { role: 'operator', audit: 'PHARMACY_TESTED' }, async (id) => {
      const { code, problem, latencyMs } = await testPharmacy(database, id, TEST_TIMEOUT_MS);
      const done = code === null;
      const text = done
        ? `The pharmacy accepts the token. It answered after ${latencyMs} ms.`
        : `${code}: the pharmacy ${problem}.`;
      return resultView(done ? 'The test succeeded' : 'The test failed', {
        ...{ done, text, back: pageOf(id) },
      });
    }),
    action('secrets', { role: 'admin', audit: 'PHARMACY_SECRETS_REPLACED' }, async (id, form) => {
      const secrets = secretsOf(form);
      if (typeof secrets === 'string') {
        return resultView('Nothing was changed', { done: false, text: secrets, back: pageOf(id) });
      }
      await replacePharmacySecrets(database, id, secrets);
      const text = 'Test the pharmacy now, and let it send a webhook.';
      return resultView('The credentials were replaced', { done: true, text, back: pageOf(id) });
    }),
  ];
}

/** Reads the credentials of a form. @returns them, or what is wrong with them. */
function secretsOf(form: URLSearchParams): Partial<PharmacySecrets> | string {
  const token = form.get('token')?.trim() ?? '';
  const kind = WEBHOOK_AUTH_KINDS.find((each) => each === form.get('webhookAuth'));
  const secret = form.get('secret')?.trim() ?? '';
  const username = form.get('username')?.trim() ?? '';
  if (token === '' && kind === undefined) {
    return 'Enter a token, or choose how webhooks are authenticated.';
  }
  if (kind === undefined) {
    if (secret !== '') return 'Choose how webhooks are authenticated with the secret.';
    return { token };
  }
  const webhookAuth = makeWebhookAuth(kind, { secret, username });
  const fault =
    kind !== 'none' && secret === '' ? 'enter the secret' : webhookSecretFault(webhookAuth);
  if (fault !== undefined) return `Webhooks by ${kind}: ${fault}.`;
  return { webhookAuth, ...(token !== '' && { token }) };
}
