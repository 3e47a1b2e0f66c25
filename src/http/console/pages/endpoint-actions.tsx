import { organizationOf } from '../../../operators/organization-of.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Answer, Page, Visit } from '../page.ts';
import { countOf } from '../parts/count-of.ts';
import { resultView } from '../parts/result.tsx';

const REPLAY = { none: 'the replay records itself', refused: 'DELIVERY_REPLAYED' } as const;

/** The actions on an endpoint: `POST /endpoints/:endpointId/…`. */
export function endpointActions({ database, endpoints }: ConsoleDependencies): readonly Page[] {
  const action = (
    name: string,
    limits: Pick<Page, 'role' | 'audit'>,
    act: (key: { organizationId: string; endpointId: string }, visit: Visit) => Promise<Answer>,
  ): Page => ({
    method: 'POST',
    url: `/endpoints/:endpointId/${name}`,
    ...limits,
    async handle(visit) {
      const endpointId = visit.params['endpointId'] ?? '';
      const organizationId = await organizationOf(database, { endpointId });
      visit.about({ organizationId });
      return await act({ organizationId, endpointId }, visit);
    },
  });
  const pageOf = (key: { endpointId: string }) => `/endpoints/${key.endpointId}`;

  return [
    action('test', { role: 'operator', audit: 'WEBHOOK_TESTED' }, async (key) => {
      const { status, attempts } = await endpoints.test(key);
      const [attempt] = attempts;
      const done = status === 'DELIVERED';
      const answer = attempt?.status ?? attempt?.errorClass ?? 'nothing';
      const text = `The endpoint answered ${answer} after ${attempt?.durationMs ?? 0} ms.`;
      return resultView(done ? 'The test succeeded' : 'The test failed', {
        ...{ done, text, back: pageOf(key) },
      });
    }),
    action('enable', { role: 'operator', audit: 'WEBHOOK_ENABLED' }, async (key) => {
      await endpoints.update(key, { status: 'ENABLED' });
      return { redirectTo: pageOf(key) };
    }),
    action('disable', { role: 'operator', audit: 'WEBHOOK_DISABLED' }, async (key) => {
      await endpoints.update(key, { status: 'DISABLED' });
      return { redirectTo: pageOf(key) };
    }),
    action('replay', { role: 'operator', audit: REPLAY }, async (key, { by }) => {
      const count = await endpoints.replayMany(key, { since: undefined, deadOnly: true }, by);
      const text = `${countOf(count, 'delivery is', 'deliveries are')} sent again.`;
      return resultView('Replayed', { done: true, text, back: pageOf(key) });
    }),
    action('rotate', { role: 'admin', audit: 'WEBHOOK_SECRET_ROTATED' }, async (key) => {
      const { secret } = await endpoints.rotateSecret(key);
      const text = (
        <>
          The new secret is <code>{secret}</code>. Only this page shows it. The previous secret also
          signs for 24 hours.
        </>
      );
      return resultView('The secret was replaced', { done: true, text, back: pageOf(key) });
    }),
  ];
}

/** `POST /deliveries/:deliveryId/replay`: sends a delivery again. */
export function replayAction({ database, endpoints }: ConsoleDependencies): Page {
  return {
    method: 'POST',
    url: '/deliveries/:deliveryId/replay',
    role: 'operator',
    audit: REPLAY,
    async handle({ params, form, by }) {
      const deliveryId = params['deliveryId'] ?? '';
      const organizationId = await organizationOf(database, { deliveryId });
      const { orderId, endpointId } = await endpoints.replay(organizationId, deliveryId, by);
      const isFromOrder = form.get('from') === 'order' && orderId !== null;
      return { redirectTo: isFromOrder ? `/orders/${orderId}` : `/endpoints/${endpointId}` };
    },
  };
}
