import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ERROR_CODES, WARNING_CODES } from '../../../src/contract/error-list.ts';
import { ORDER_STATUSES } from '../../../src/contract/order.ts';
import { END_CODES, STEP_CODES, TIMELINE_CODES } from '../../../src/contract/reason-list.ts';
import { textOf } from '../../support/markdown.ts';

const LISTED = [STEP_CODES, END_CODES, TIMELINE_CODES].flatMap((list) => Object.keys(list));

/** Names in these rooms that no order shows as its reason. */
const NOT_REASONS = new Set<string>([
  ...ORDER_STATUSES,
  ...Object.keys(ERROR_CODES),
  // Events and requests.
  ...['ORDER_CREATED', 'ORDER_STATUS_CHANGED', 'ORDER_TRACKING_ADDED'],
  ...['DOCUMENT_STORED', 'DOCUMENT_WITHDRAWN', 'PLACE_ORDER', 'CANCEL_ORDER'],
  // Why a webhook is not authentic, and what `rx pharmacy test` finds.
  ...['NO_WEBHOOK_AUTH', 'SIGNATURE_MISSING', 'SIGNATURE_WRONG', 'TIMESTAMP_OFF'],
  ...['PHARMACY_ANY_TOKEN'],
  // Types of failures in Temporal, and refused repairs.
  ...['NOT_COMPLETED_YET', 'NOT_LOCALLY', 'PHARMACY_UNAVAILABLE', 'INVALID_REPAIR', 'WRONG_STATUS'],
  // Attempts that another one has overtaken: they are repeated at once.
  ...['ATTEMPT_SUPERSEDED', 'ANSWERED_MEANWHILE'],
  // The store of documents: settings of its library, and the download of a document.
  ...['WHEN_REQUIRED', 'OTHER_BYTES', 'DOCUMENT_BROKEN'],
  // No order is without its organization, and none needs the secret of hashes.
  ...['NO_SUCH_ORGANIZATION', 'HASH_SECRET_NOT_SET'],
]);

/** The text of each source file of a room. */
function sourcesOf(room: string): string[] {
  const folder = path.resolve('src', room);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(folder, name), 'utf8'));
}

function namesIn(rooms: readonly string[], pattern: RegExp): string[] {
  const texts = rooms.flatMap(sourcesOf).join('\n');
  return [...new Set([...texts.matchAll(pattern)].map(([, name = '']) => name))];
}

it('lists every code that the sources give an order', () => {
  const codes = [
    ...namesIn(
      ['pharmacy', 'activities', 'documents', 'workflows'],
      /'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g,
    ),
    // These rooms name much else; a code is a constant or a field there.
    ...namesIn(['orders', 'keys'], /(?:reasonCode|code|[A-Z_]+)(?::| =) '([A-Z_]+_[A-Z_]+)'/g),
    ...namesIn(
      ['pharmacy', 'activities', 'documents', 'workflows', 'engine', 'keys'],
      /`([A-Z]+_(?:[A-Z]+_)*)\$\{/g,
    ).map((start) => `${start}*`),
  ];

  expect(codes.length).toBeGreaterThan(50);
  expect(codes).toContain('PHARMACY_HTTP_*');
  const isListed = (code: string) =>
    LISTED.includes(code) || NOT_REASONS.has(code) || /^PHARMACY_HTTP_\d+$/.test(code);
  expect(codes.filter((code) => !isListed(code))).toEqual([]);
  expect(
    LISTED.filter((code) => code !== 'INTERNAL' && !codes.includes(code)),
    'no source has it any more',
  ).toEqual([]);
});

it('lists the code of every warning, which an accepted order then has', () => {
  expect(Object.keys(WARNING_CODES).filter((code) => !LISTED.includes(code))).toEqual([]);
});

it('lists no code that the runbook of operators lacks', () => {
  const runbook = textOf('docs/runbooks/stuck-order.md');
  const lacking = Object.keys(STEP_CODES).filter((code) => {
    const shown = code.endsWith('*') ? `\`${code.slice(0, -1)}<` : `\`${code}\``;
    return !runbook.includes(shown);
  });
  expect(lacking).toEqual([]);
});
