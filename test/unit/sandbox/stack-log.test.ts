import { expect, test } from 'vitest';
import { createStackLog } from '../../../sandbox/stack-log.ts';

function sink(isTTY: boolean, format?: string) {
  const written: string[] = [];
  const target = { isTTY, write: (text: string) => written.push(text) };
  return { written, sink: createStackLog(target, format) };
}

const EVENT =
  '{"level":"info","time":"2026-01-02T03:04:05.678Z","part":"worker","orderId":"o-1","msg":"placed"}';

test('writes a part’s event unchanged when the target is not a terminal', () => {
  const { written, sink: lines } = sink(false);
  lines.line('worker', EVENT);
  expect(JSON.parse(written.join(''))).toEqual(JSON.parse(EVENT));
  expect(written.join('')).toMatch(/^[^\n]+\n$/);
});

test('turns a line that is not an event into a warning', () => {
  const { written, sink: lines } = sink(false);
  lines.line('worker', 'Segmentation fault');
  expect(JSON.parse(written.join(''))).toMatchObject({
    level: 'warn',
    part: 'worker',
    msg: 'Segmentation fault',
  });
});

test('writes lines for people on a terminal, unless JSON is configured', () => {
  const people = sink(true);
  people.sink.line('worker', EVENT);
  expect(people.written.join('')).toMatch(/worker.*placed.*orderId=o-1/);
  const asked = sink(true, 'json');
  asked.sink.line('worker', EVENT);
  expect(asked.written.join('').startsWith('{')).toBe(true);
});
