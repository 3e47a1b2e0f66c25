import { readFileSync } from 'node:fs';
import type { PlaceOrderRequest } from '../../src/contract/place-order.ts';

const FILE = new URL('../../sandbox/place-order.example.json', import.meta.url);

/** The published example request, byte for byte. */
export function exampleText(): string {
  return readFileSync(FILE, 'utf8');
}

/** Returns a new copy of the published example request, which a test may change. */
export function examplePlaceOrder(): PlaceOrderRequest {
  return JSON.parse(exampleText()) as PlaceOrderRequest;
}
