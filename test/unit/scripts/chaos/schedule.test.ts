import { expect, it } from 'vitest';
import { LINKS, makeSchedule, PROCESSES } from '../../../../scripts/chaos/schedule.ts';
import { BEHAVIOURS } from '../../../../simulator/behaviours.ts';

const OPTIONS = { seed: 7, orders: 200, kills: 100, copies: 1, temporalDownSeconds: 0 };

it('is the same for the same seed, and different for another seed', () => {
  expect(makeSchedule(OPTIONS)).toEqual(makeSchedule(OPTIONS));
  expect(makeSchedule({ ...OPTIONS, seed: 8 }).steps).not.toEqual(makeSchedule(OPTIONS).steps);
});

it('has the requested orders and kills, in the order of time', () => {
  const { orders, steps, loadMs } = makeSchedule(OPTIONS);
  const times = steps.map(({ atMs }) => atMs);
  expect(orders).toHaveLength(200);
  expect(steps.filter((step) => step.do === 'kill')).toHaveLength(100);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(Math.max(...times, ...orders.map(({ atMs }) => atMs))).toBeLessThanOrEqual(loadMs);
});

it('kills every process and disturbs every link in a long run', () => {
  const { steps } = makeSchedule(OPTIONS);
  const killed = steps.flatMap((step) => (step.do === 'kill' ? step.process : []));
  const disturbed = steps.flatMap((step) => (step.do === 'fault' ? step.link : []));
  expect(new Set(killed)).toEqual(new Set(PROCESSES));
  expect(new Set(disturbed)).toEqual(new Set(LINKS));
});

it('places orders at every sandbox pharmacy whose orders end, in a run of CI’s size, too', () => {
  const { orders } = makeSchedule({ ...OPTIONS, orders: 30, kills: 4 });
  const left = ['pharmacy-down', 'pharmacy-slow'];
  const expected = Object.keys(BEHAVIOURS).filter((id) => !left.includes(id));
  expect(new Set(orders.map(({ pharmacyId }) => pharmacyId))).toEqual(new Set(expected));
});

it('keeps Temporal down for the requested time, during the load', () => {
  const { steps, loadMs } = makeSchedule({ ...OPTIONS, kills: 0, temporalDownSeconds: 300 });
  const outage = steps.find((step) => step.do === 'kill');
  expect(outage).toMatchObject({ process: 'temporal', downMs: 300_000 });
  expect((outage?.atMs ?? 0) + 300_000).toBeLessThan(loadMs);
});
