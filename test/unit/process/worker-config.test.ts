import { expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../../src/process/config.ts';

const required = {
  DATABASE_URL: 'postgres://rx@127.0.0.1:5432/rx_orders',
  HASH_SECRET: 'sixteen characters or more',
  DOCUMENTS_DIR: 'documents',
  ENCRYPTION_KEYS: `2026-11:${Buffer.alloc(32, 7).toString('base64')}`,
};

it('sizes the worker for the shares of pharmacies by default, and takes other sizes', () => {
  expect(parseConfig(required)).toMatchObject({
    buildId: undefined,
    worker: {
      ...{ workflowSlots: 40, workflowPollers: 10, cachedWorkflows: 500 },
      ...{ activitySlots: 200, activityPollers: 10, stickyTimeoutMs: 10_000 },
    },
  });
  const env = {
    BUILD_ID: '1.4.0+5f3c2a9',
    ...{ WORKER_WORKFLOW_SLOTS: '100', WORKER_WORKFLOW_POLLERS: '20' },
    ...{ WORKER_ACTIVITY_SLOTS: '400', WORKER_ACTIVITY_POLLERS: '30' },
    ...{ WORKER_CACHED_WORKFLOWS: '50', WORKER_STICKY_TIMEOUT_MS: '2000' },
  };
  expect(parseConfig({ ...required, ...env })).toMatchObject({
    buildId: '1.4.0+5f3c2a9',
    worker: {
      ...{ workflowSlots: 100, workflowPollers: 20, cachedWorkflows: 50 },
      ...{ activitySlots: 400, activityPollers: 30, stickyTimeoutMs: 2_000 },
    },
  });
});

it.each([
  ['BUILD_ID', 'build of today'],
  ['BUILD_ID', 'x'.repeat(101)],
  ['WORKER_WORKFLOW_SLOTS', '1'],
  ['WORKER_WORKFLOW_POLLERS', '1'],
  ['WORKER_WORKFLOW_POLLERS', '41'],
  ['WORKER_ACTIVITY_SLOTS', '40'],
  ['WORKER_ACTIVITY_POLLERS', '1.5'],
  ['WORKER_CACHED_WORKFLOWS', '-1'],
  ['WORKER_STICKY_TIMEOUT_MS', '10s'],
  ['COMPLETION_LIMIT_MS', String(367 * 86_400_000)],
])('rejects %s=%s', (name, value) => {
  const parse = () => parseConfig({ ...required, [name]: value });
  expect(parse).toThrow(ConfigError);
  expect(parse).toThrow(`${name}: `);
});
