import { afterAll, beforeAll, expect, it } from 'vitest';
import { orderWorkflowId, statusQuery } from '../../../src/workflows/order-messages.ts';
import { eventually } from '../../support/eventually.ts';
import { readable } from '../../support/readable.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const workflow = (orderId: string) =>
  world.worker.client.workflow.getHandle(orderWorkflowId(orderId));

it('is found by each of its search attributes', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const { organizationId, caseId } = world.organization;
  const query = [
    `OrderId = '${orderId}'`,
    `OrganizationId = '${organizationId}'`,
    `CaseId = '${caseId}'`,
    `PharmacyId = 'pharmacy-manual'`,
    `OrderStatus = 'AWAITING_COMPLETION'`,
    `WorkflowType = 'order'`,
  ].join(' AND ');
  await eventually('the search finds it', async () => {
    for await (const found of world.worker.client.workflow.list({ query })) {
      return found.workflowId === orderWorkflowId(orderId);
    }
    return false;
  });
});

it('describes its status, and since when', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const handle = workflow(orderId);
  const progress = await eventually('the workflow waits', async () => {
    const seen = await handle.query(statusQuery);
    return seen.status === 'AWAITING_COMPLETION' && seen;
  });
  const description = await handle.describe();
  expect(await description.staticSummary()).toBe('Prescription order at pharmacy-manual');
  const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  expect(metadata.currentDetails).toContain(`**AWAITING_COMPLETION** since ${progress.since}`);
  expect(metadata.currentDetails).toContain('Waiting for pharmacy-manual, until ');
});

it('shows in its history which build ran each of its steps', async () => {
  const orderId = await world.place('pharmacy-123');
  await world.reach(orderId, 'COMPLETED');
  await world.ended(orderId);
  const { events } = await workflow(orderId).fetchHistory();
  const builds = (events ?? []).flatMap((event) => [
    ...(event.workflowTaskCompletedEventAttributes
      ? [event.workflowTaskCompletedEventAttributes]
      : []),
    ...(event.activityTaskStartedEventAttributes ? [event.activityTaskStartedEventAttributes] : []),
  ]);
  expect(builds.length).toBeGreaterThan(3);
  expect(new Set(builds.map(({ workerVersion }) => workerVersion?.buildId))).toEqual(
    new Set([world.worker.buildId]),
  );
  // The ids of open orders say which builds still have orders; nothing routes tasks by them.
  const { raw } = await workflow(orderId).describe();
  expect(raw.workflowExecutionInfo?.versioningInfo?.behavior ?? 0).toBe(0);
  const query = `BuildIds = 'unversioned:${world.worker.buildId}' AND OrderId = '${orderId}'`;
  await eventually('the search finds it by its build', async () => {
    for await (const found of world.worker.client.workflow.list({ query })) return found;
    return false;
  });
});

it('has its organization as fairness key', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const { raw } = await workflow(orderId).describe();
  const { fairnessKey } = raw.workflowExecutionInfo?.priority ?? {};
  expect(fairnessKey).toBe(world.organization.organizationId);
});

it('keeps patient data out of Temporal and of the logs', { timeout: 60_000 }, async () => {
  const markers = {
    diagnosis: 'Marker-Diagnosis',
    allergies: 'Marker-Allergies',
    direction: 'Marker-Direction',
    street: 'Marker-Street',
    prescriber: 'Marker-Prescriber',
    custom: 'Marker-Custom',
  };
  const orderIds: string[] = [];
  for (const pharmacy of ['123', 'refuses', 'rejects', 'lost-reply', 'unknown', 'bad-document']) {
    const orderId = await world.place(`pharmacy-${pharmacy}`, (order) => {
      Object.assign(order, {
        diagnosis: markers.diagnosis,
        patientHealthInfo: { allergies: markers.allergies },
      });
      Object.assign(order.prescriptionItems[0] ?? {}, {
        direction: markers.direction,
        customFields: { note: markers.custom },
      });
      Object.assign(order.shippingAddress ?? {}, { addressLine1: markers.street });
      Object.assign(order.prescriber, { firstName: markers.prescriber });
    });
    orderIds.push(orderId);
  }
  let written = '';
  for (const orderId of orderIds) {
    const { status } = await world.reach(orderId, 'COMPLETED', 'REJECTED', 'NEEDS_ATTENTION');
    written += status;
    written += await readable(await workflow(orderId).fetchHistory());
  }
  written += JSON.stringify([world.worker.log.lines, world.app.log.lines]);
  // Proves that the searched text contains the decrypted payloads, such as this field of an input.
  expect(written.includes('firstLookMs')).toBe(true);
  const leaks = [...Object.values(markers), 'jane.sample', 'Jane'].filter((marker) =>
    written.includes(marker),
  );
  expect(leaks).toEqual([]);
});
