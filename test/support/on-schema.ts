import { expect } from 'vitest';
import { type DocumentedAnswer, faultsOf } from './documented.ts';

/** Holds a real answer against the committed document. */
export function expectOnSchema(answer: DocumentedAnswer, method: string, path: string): void {
  expect(faultsOf(answer, method, path), `${method} ${path}`).toEqual([]);
}
