import { expect } from 'vitest';
import { type DocumentedAnswer, faultsOf } from './documented.ts';

/** Asserts that an answer conforms to the committed OpenAPI document. */
export function expectOnSchema(answer: DocumentedAnswer, method: string, path: string): void {
  expect(faultsOf(answer, method, path), `${method} ${path}`).toEqual([]);
}
