import { randomBytes } from 'node:crypto';
import type { Keys } from '../src/keys/data-keys.ts';
import type { SubjectKey } from '../src/keys/subject-key.ts';

const clearKey: SubjectKey = {
  seal: (_field, text) => text,
  open: (_field, sealed) => sealed,
  hash: (_field, text) => Buffer.from(text),
  derive: () => randomBytes(32),
};
/** Keys that encrypt nothing: the baseline for measuring encryption. */
export const clearKeys: Keys = {
  seal: async (_owner, _context, text) => text,
  open: async (_context, sealed) => sealed,
  createSubject: async () => ({ key: clearKey, wrapped: 'clear' }),
  openSubject: async () => clearKey,
  rewrap: async (_owner, _context, sealed) => sealed,
  trackingHash: (text) => Buffer.from(text),
  forgetActive: () => undefined,
};
