import { readFileSync } from 'node:fs';
import type { PlaceOrderRequest } from '../../src/contract/place-order.ts';

const FILE = new URL('../../sandbox/place-order.example.json', import.meta.url);

/** The endpoint's published example, as the bytes that it was published in. */
export function exampleText(): string {
  return readFileSync(FILE, 'utf8');
}

/** The endpoint's published example; a new copy each time, so that a test may change it. */
export function examplePlaceOrder(): PlaceOrderRequest {
  return JSON.parse(exampleText()) as PlaceOrderRequest;
}
