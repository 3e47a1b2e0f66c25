import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createIdleTimeout, untilIdle } from '../../../src/pharmacy/http-calls.ts';

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

describe('a download', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Reads a download whose chunks of `bytes` bytes come every `everyMs`; returns its size, or the error's code. */
  async function read({ bytes = 1, everyMs = 9_000, chunks = 100, storingMs = 0 }) {
    const idle = createIdleTimeout(60_000);
    async function* drip() {
      for (let n = 0; n < chunks; n += 1) {
        vi.advanceTimersByTime(everyMs);
        yield Buffer.alloc(bytes);
      }
    }
    let size = 0;
    try {
      for await (const chunk of untilIdle(drip(), idle)) {
        size += chunk.byteLength;
        vi.advanceTimersByTime(storingMs);
      }
      return size;
    } catch (error) {
      return [size, (error as { code?: string }).code];
    }
  }

  it('that drips ends after 20 seconds, although it never pauses for long', async () => {
    expect(await read({ bytes: 1 })).toEqual([2, 'PHARMACY_TOO_SLOW']);
    expect(await read({ bytes: 50_000 })).toEqual([100_000, 'PHARMACY_TOO_SLOW']);
  });

  it('ends after 10 minutes at any rate', async () => {
    const [size] = (await read({ bytes: 80_000 })) as [number];
    expect(size).toBe(80_000 * Math.floor(600 / 9));
  });

  it('is not slow because we store it slowly, or because it is short', async () => {
    expect(await read({ bytes: 80_000, storingMs: 30_000, chunks: 60 })).toBe(80_000 * 60);
    expect(await read({ bytes: 1, chunks: 2 })).toBe(2);
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
        const pharmacy = createRestGateway({ baseUrl, token: 't', timeoutMs: 100, foreign: {} });
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
