import { expect, it } from 'vitest';
import { describeOutcome, outcomeOf } from '../../../../src/notifications/attempt-outcome.ts';

const answer = (status: number, retryAfterMs?: number) =>
  outcomeOf({
    status,
    durationMs: 3,
    bodyStart: 'words of theirs',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

it.each([
  [200, undefined],
  [204, undefined],
  [299, undefined],
  [301, 'redirect'],
  [304, 'redirect'],
  [400, 'http_4xx'],
  [410, 'http_4xx'],
  [500, 'http_5xx'],
  [599, 'http_5xx'],
  [199, 'bad_response'],
  [600, 'bad_response'],
])('takes %i for %s', (status, errorClass) => {
  expect(answer(status).errorClass).toBe(errorClass);
});

it.each([
  [429, 60_000],
  [503, 60_000],
  [500, undefined],
  [404, undefined],
  [204, undefined],
])('after a %i waits %s ms for what asks for a minute', (status, waitMs) => {
  expect(answer(status, 60_000).retryAfterMs).toBe(waitMs);
});

it('says what failed in codes, without a word of the answer', () => {
  expect(describeOutcome(answer(503))).toBe('http_5xx 503');
  const refused = {
    failure: 'connect',
    code: 'ECONNREFUSED',
    message: 'm',
    durationMs: 1,
  } as const;
  expect(describeOutcome(outcomeOf(refused))).toBe('connect ECONNREFUSED');
});
