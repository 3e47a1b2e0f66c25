import { afterEach, beforeEach, expect, it } from 'vitest';
import { probePharmacy } from '../../../src/pharmacy/probe.ts';
import { createRestGateway } from '../../../src/pharmacy/rest-gateway.ts';
import { LOOPBACK } from '../../support/foreign.ts';
import { type FakePharmacy, startFakePharmacy, text } from './fake-pharmacy.ts';

let pharmacy: FakePharmacy;
beforeEach(async () => {
  pharmacy = await startFakePharmacy();
});
afterEach(() => pharmacy.close());

function gatewayWith(token: string) {
  const baseUrl = pharmacy.url;
  return createRestGateway({ baseUrl, token, timeoutMs: 1_000, foreign: LOOPBACK });
}

it.each([
  ['a web page', 200, {}, 'PHARMACY_BAD_ANSWER', /not JSON: the base URL/],
  ['a redirect', 302, { location: '/v2/orders' }, 'PHARMACY_HTTP_302', /redirects .* base URL/],
  ['a route for other methods', 405, {}, 'PHARMACY_HTTP_405', /check the base URL/],
  ['no path at all', 404, {}, 'PHARMACY_ANY_TOKEN', /correct the base URL/],
])('names a base URL that leads to %s', async (_, status, headers, code, problem) => {
  pharmacy.answer(text(status, '<html></html>', headers));
  const probe = await probePharmacy(gatewayWith('ours'), gatewayWith('theirs'));
  expect(probe).toMatchObject({ reachable: true, authorized: null, code });
  expect(probe.problem).toMatch(problem);
});

it('accepts a pharmacy that knows no such order and refuses other tokens', async () => {
  pharmacy.answer((response, { headers }) =>
    response.writeHead(headers.authorization === 'Bearer ours' ? 404 : 401).end(),
  );
  const probe = await probePharmacy(gatewayWith('ours'), gatewayWith('theirs'));
  expect(probe).toMatchObject({ authorized: true, code: null, problem: null });
});

it('reports an answer that cannot be read: the pharmacy is reachable, and its token is in doubt', async () => {
  pharmacy.answer(text(200, '<html>maintenance</html>'));
  expect(await probePharmacy(gatewayWith('token'))).toMatchObject({
    reachable: true,
    authorized: null,
    code: 'PHARMACY_BAD_ANSWER',
  });
});
