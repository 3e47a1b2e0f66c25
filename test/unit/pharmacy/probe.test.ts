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

it('reports an answer that cannot be read: the pharmacy is reachable, and its token is in doubt', async () => {
  pharmacy.answer(text(200, '<html>maintenance</html>'));
  const gateway = createRestGateway({
    ...{ baseUrl: pharmacy.url, token: 'token', timeoutMs: 1_000, foreign: LOOPBACK },
  });
  expect(await probePharmacy(gateway)).toMatchObject({
    reachable: true,
    authorized: null,
    code: 'PHARMACY_BAD_ANSWER',
  });
});
