import { Counter, type Registry } from 'prom-client';
import type { KeyProvider } from '../keys/key-provider.ts';
import { codeOf } from '../lib/safe-error.ts';
import { codeLabel } from './bounded-label.ts';

/** Wraps a key provider so that its failures are counted: a KMS that is away, a master key that is missing. */
export function measureKeys(registry: Registry, keys: KeyProvider): KeyProvider {
  const codeFor = codeLabel();
  const calls = new Counter({
    name: 'rx_key_calls_total',
    help: 'Calls to wrap or unwrap a data key, by code: `ok`, or why it failed.',
    labelNames: ['call', 'code'],
    registers: [registry],
  });
  async function count<T>(call: 'wrap' | 'unwrap', answer: Promise<T>): Promise<T> {
    try {
      const result = await answer;
      calls.inc({ call, code: 'ok' });
      return result;
    } catch (error) {
      calls.inc({ call, code: codeFor(codeOf(error)) });
      throw error;
    }
  }
  return {
    keyIds: keys.keyIds,
    wrap: (...args) => count('wrap', keys.wrap(...args)),
    unwrap: (...args) => count('unwrap', keys.unwrap(...args)),
  };
}
