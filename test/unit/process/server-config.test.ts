import { expect, it } from 'vitest';
import { ConfigError, type Environment, parseConfig } from '../../../src/process/config.ts';

const required = {
  DATABASE_URL: 'postgres://rx@127.0.0.1:5432/rx_orders',
  HASH_SECRET: 'sixteen characters or more',
  DOCUMENTS_DIR: 'documents',
  ENCRYPTION_KEYS: `2026-11:${Buffer.alloc(32, 7).toString('base64')}`,
};

function expectFault(name: string, value: string): void {
  const env: Environment = { ...required, [name]: value };
  expect(() => parseConfig(env)).toThrow(ConfigError);
  expect(() => parseConfig(env)).toThrow(`${name}: `);
}

it('serves the metrics on a port of their own when METRICS_ADDRESS is set', () => {
  const addressOf = (METRICS_ADDRESS: string) =>
    parseConfig({ ...required, METRICS_ADDRESS }).http.metricsAddress;
  expect(addressOf('')).toBeUndefined();
  expect(addressOf('127.0.0.1:9464')).toEqual({ host: '127.0.0.1', port: 9464 });
  expect(addressOf('[::1]:9464')).toEqual({ host: '::1', port: 9464 });
  expect(addressOf('metrics.internal:80')).toEqual({ host: 'metrics.internal', port: 80 });
  for (const wrong of ['9464', ':9464', 'a:0', 'a:65536', '::1:80', '[x]:80', 'http://a:80']) {
    expect(() => parseConfig({ ...required, METRICS_ADDRESS: wrong })).toThrow(
      'METRICS_ADDRESS: must be host:port, such as 127.0.0.1:9464',
    );
  }
});

it('reuses a result of /metrics for a second, and not at all with METRICS_CACHE_MS=0', () => {
  expect(parseConfig(required).http.metricsCacheMs).toBe(1_000);
  expect(parseConfig({ ...required, METRICS_CACHE_MS: '0' }).http.metricsCacheMs).toBe(0);
  for (const wrong of ['-1', '1.5', '60001', '1s']) {
    expectFault('METRICS_CACHE_MS', wrong);
  }
});

it('disconnects readers after a minute without a byte, or below 16 KiB/s', () => {
  expect(parseConfig(required).http.slowReaders).toEqual({
    idleMs: 60_000,
    bytesPerSecond: 16 * 1024,
  });
  const own = { SLOW_READER_IDLE_MS: '5000', SLOW_READER_BYTES_PER_SECOND: '1' };
  expect(parseConfig({ ...required, ...own }).http.slowReaders).toEqual({
    idleMs: 5_000,
    bytesPerSecond: 1,
  });
  // 0 would switch the protection off, or allow no time at all.
  for (const name of Object.keys(own)) {
    expectFault(name, '0');
  }
});

it('allows a burst of twenty failed attempts per address, then one per second', () => {
  expect(parseConfig(required).http.failureLimits).toEqual({ burst: 20, perSecond: 1 });
  const roomy = { AUTH_FAILURES_BURST: '500', AUTH_FAILURES_PER_SECOND: '0.5' };
  expect(parseConfig({ ...required, ...roomy }).http.failureLimits).toEqual({
    burst: 500,
    perSecond: 0.5,
  });
  expectFault('AUTH_FAILURES_BURST', '0');
  expectFault('AUTH_FAILURES_PER_SECOND', '0');
});
