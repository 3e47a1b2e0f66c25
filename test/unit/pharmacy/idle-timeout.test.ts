import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createIdleTimeout } from '../../../src/pharmacy/http-calls.ts';

describe('an idle time-out', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('aborts after its time without progress', () => {
    const { signal } = createIdleTimeout(1_000);
    vi.advanceTimersByTime(999);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(signal.aborted).toBe(true);
    expect((signal.reason as DOMException).name).toBe('TimeoutError');
  });

  it('restarts with every sign of progress', () => {
    const timeout = createIdleTimeout(1_000);
    for (let i = 0; i < 5; i += 1) {
      vi.advanceTimersByTime(900);
      timeout.touch();
    }
    expect(timeout.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(timeout.signal.aborted).toBe(true);
  });

  it('never aborts once cleared', () => {
    const timeout = createIdleTimeout(1_000);
    timeout.clear();
    vi.advanceTimersByTime(10_000);
    expect(timeout.signal.aborted).toBe(false);
  });
});

describe('a call to a pharmacy that hangs', () => {
  it('times out even if the garbage collector runs', () => {
    const gateway = new URL('../../../src/pharmacy/rest-gateway.ts', import.meta.url).href;
    const program = `
      import { createServer } from 'node:http';
      import { createRestGateway } from ${JSON.stringify(gateway)};
      const server = createServer(() => {});
      server.listen(0, '127.0.0.1', async () => {
        const baseUrl = 'http://127.0.0.1:' + server.address().port;
        const pharmacy = createRestGateway({ baseUrl, token: 't', timeoutMs: 100 });
        setInterval(() => globalThis.gc(), 5);
        setTimeout(() => process.exit(1), 3_000);
        await pharmacy.get('ph-1', new AbortController().signal).catch((error) => {
          process.stdout.write(error.code, () => process.exit(0));
        });
      });`;
    const args = ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', program];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('PHARMACY_TIMEOUT');
  });
});
