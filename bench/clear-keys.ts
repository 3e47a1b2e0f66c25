import { randomBytes } from 'node:crypto';
import type { Keys } from '../src/keys/data-keys.ts';
import type { SubjectKey } from '../src/keys/subject-key.ts';

const clearKey: SubjectKey = {
  seal: (_field, text) => text,
  open: (_field, sealed) => sealed,
  hash: (_field, text) => Buffer.from(text),
  derive: () => randomBytes(32),
};
/** Keys under which everything stays in clear: what encryption is measured against. */
export const clearKeys: Keys = {
  seal: async (_owner, _context, text) => text,
  open: async (_context, sealed) => sealed,
  createSubject: async () => ({ key: clearKey, wrapped: 'clear' }),
  openSubject: async () => clearKey,
  rewrap: async (_owner, _context, sealed) => sealed,
  forgetActive: () => undefined,
};
