import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { putCase } from '../../src/cases/put-case.ts';
import type { PrescriptionOrder } from '../../src/contract/place-order.ts';
import { examplePlaceOrder } from '../support/example.ts';
import { HASH_SECRET, TESTER } from '../support/organization.ts';
import { pdfText } from '../support/pdf-text.ts';
import { openedOrder } from '../support/sealed-rows.ts';
import { readStoredDocument } from '../support/stored-document.ts';
import { createWorld, type World } from '../support/world.ts';

interface Name {
  readonly script: string;
  readonly name: string;
  /** What the simulator's PDF shows instead: a box for each character outside its scripts. */
  readonly shown?: string;
}

/** Invented people. */
const NAMES: Name[] = [
  { script: 'Latin', name: 'Zoë Nguyễn' },
  { script: 'Greek', name: 'Ελένη Παπαδοπούλου' },
  { script: 'Cyrillic', name: 'Фёдор Ёжиков' },
  { script: 'Arabic', name: 'محمد الرشيد', shown: '□□□□ □□□□□□' },
  { script: 'Hebrew', name: 'שרה כהן', shown: '□□□ □□□' },
  { script: 'Devanagari', name: 'अनन्या पाण्डेय', shown: '□□□□□□ □□□□□□□' },
  { script: 'Han', name: '李小龍', shown: '□□□' },
  // Decomposed: it must come back decomposed, not in the composed form that looks the same.
  { script: 'Latin with combining marks', name: 'Zoe\u0308 Nguye\u0302\u0303n' },
  { script: 'symbols outside the BMP', name: 'Rx \u{1F9EC} 𠮷野', shown: 'Rx □ □□' },
];

/** Twice for each of two people, three times in an address, once in the directions. */
const NAMES_ON_A_DOCUMENT = 8;

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** Creates a case whose patient has this name in every free text field. */
async function createCase(name: string) {
  const id = randomUUID();
  const patient = { firstName: name, lastName: name, address: addressOf(name) };
  const { organizationId } = world.organization;
  await putCase(world.db.database, HASH_SECRET, { organizationId, caseId: id }, patient, TESTER);
  return { id, patient };
}

function addressOf(name: string) {
  return {
    addressLine1: `1 ${name} St`,
    addressLine2: name,
    city: name,
    state: 'NV',
    country: 'US' as const,
    postalCode: '89501',
  };
}

function orderOf(name: string): PrescriptionOrder {
  const { order } = examplePlaceOrder();
  const [item] = order.prescriptionItems;
  return {
    ...order,
    prescriber: { ...order.prescriber, firstName: name, lastName: name, address: addressOf(name) },
    shippingAddress: addressOf(name),
    diagnosis: name,
    pharmacyId: 'pharmacy-123',
    prescriptionItems: [{ ...item!, direction: name, customFields: { [name]: name } }],
  };
}

/** Places an order over HTTP, as a client does. */
async function place(caseId: string, order: PrescriptionOrder): Promise<string> {
  const response = await fetch(`${world.app.url}/api/v1/cases/${caseId}`, {
    method: 'POST',
    headers: { 'cv-api-key': world.organization.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({ action: 'PLACE_ORDER', order }),
  });
  expect(response.status).toBe(200);
  const body = (await response.json()) as { data: { order: { id: string } } };
  return body.data.order.id;
}

// Strings are compared by code unit, without normalization: equal strings have the same bytes.
describe.each(NAMES)('a name in $script', ({ name, shown = name }) => {
  it('comes back the same from the database, from the pharmacy and in the documents', {
    timeout: 60_000,
  }, async () => {
    const { id: caseId, patient } = await createCase(name);
    const order = orderOf(name);
    const orderId = await place(caseId, order);
    const { documents } = await world.reach(orderId, 'COMPLETED');

    const row = await openedOrder(world.db.database, orderId);
    expect(row).toEqual({ prescription: order, shippingAddress: order.shippingAddress, patient });

    const { shippingAddress, pharmacyId: _, ...prescription } = order;
    const { firstName, lastName } = patient;
    expect(await world.simulator.bodyOf(orderId)).toEqual({
      reference: orderId,
      prescription,
      shippingAddress,
      patient: { firstName, lastName },
    });

    expect(documents).toHaveLength(2);
    for (const { id } of documents) {
      const { documentsDir } = world.worker;
      const place = { orderId, documentId: id };
      const bytes = await readStoredDocument(world.db.database, documentsDir, place);
      const text = await pdfText(bytes);
      // The simulator draws composed characters for either form.
      const composed = shown.normalize('NFC');
      expect(text).toContain(`${composed} ${composed}`);
      expect(text.split(composed).length - 1).toBeGreaterThanOrEqual(NAMES_ON_A_DOCUMENT);
    }
  });
});
