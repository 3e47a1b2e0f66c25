import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionLike } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { temporalCode } from '../../../src/temporal/call-with-timeout.ts';
import {
  keepSearchAttributes,
  registerSearchAttributes,
} from '../../../src/temporal/register-search-attributes.ts';
import { SEARCH_ATTRIBUTE_NAMES } from '../../../src/temporal/search-attributes.ts';
import { eventually } from '../../support/eventually.ts';
import { createKeptLog } from '../../support/logs.ts';

const KEYWORD = 2;
const TEXT = 1;

/** An error as the SDK's connections throw it; the message of one with a cause says only what failed. */
function grpcError(code: number, message: string): Error {
  return Object.assign(new Error(message), { code, details: message });
}

/** An operator service with these attributes. `refuse` is thrown by the calls that it names. */
function operatorService(
  attributes: Record<string, number>,
  refuse: { readonly list?: Error; readonly add?: Error } = {},
) {
  const added: string[] = [];
  const service = {
    async listSearchAttributes() {
      if (refuse.list) throw refuse.list;
      return { customAttributes: attributes };
    },
    async addSearchAttributes(request: { searchAttributes: Record<string, number> }) {
      if (refuse.add) throw refuse.add;
      added.push(...Object.keys(request.searchAttributes));
      return {};
    },
  };
  const connection = {
    operatorService: service,
    withDeadline: (_deadline: number, run: () => Promise<unknown>) => run(),
  };
  return { added, connection: connection as unknown as ConnectionLike };
}

async function register(
  ...[attributes, refuse]: Parameters<typeof operatorService>
): Promise<{ added: string[]; warnings: string[] }> {
  const { added, connection } = operatorService(attributes, refuse);
  const log = createKeptLog();
  await registerSearchAttributes(connection, 'shop', log);
  expect(log.lines.every(({ level }) => level === 'warn')).toBe(true);
  return { added, warnings: log.lines.map(({ message }) => message) };
}

const all = Object.fromEntries(SEARCH_ATTRIBUTE_NAMES.map((name) => [name, KEYWORD]));
const { OrderStatus: _status, OrderReasonCode: _reason, ...earlier } = all;

describe('the search attributes of a namespace', () => {
  it('are registered when they are missing, and left alone otherwise', async () => {
    expect(await register(earlier)).toEqual({
      added: ['OrderStatus', 'OrderReasonCode'],
      warnings: [],
    });
    expect(await register({ ...all, Other: TEXT })).toEqual({ added: [], warnings: [] });
  });

  it.each([
    ['the permission', 7, 'Request unauthorized.'],
    ['the method', 12, 'unknown method AddSearchAttributes'],
    ['room for another attribute', 3, 'cannot have more than 10 search attribute of type Keyword.'],
    ['a store that supports them', 9, 'operation is not supported'],
  ])(
    'are named in a warning with the command if the caller lacks %s',
    async (_what, code, text) => {
      const { warnings } = await register(earlier, { add: grpcError(code, text) });
      expect(warnings).toEqual([
        'search attributes cannot be registered: OrderStatus, OrderReasonCode; unless they exist, create them: ' +
          'temporal operator search-attribute create --namespace shop' +
          ' --name OrderStatus --type Keyword --name OrderReasonCode --type Keyword',
      ]);
    },
  );

  it('are all named if the caller may not even list them', async () => {
    const { warnings } = await register(all, { list: grpcError(7, 'Request unauthorized.') });
    expect(warnings).toHaveLength(1);
    for (const name of SEARCH_ATTRIBUTE_NAMES) expect(warnings[0]).toContain(`--name ${name} `);
  });

  it('are named in a warning if they have another type', async () => {
    const { warnings } = await register({ ...all, OrderStatus: TEXT });
    expect(warnings).toEqual(['search attributes are not of type Keyword: OrderStatus']);
  });

  it.each([
    ['is unreachable', 14],
    ['has no such namespace', 5],
    ['answers too late', 4],
  ])('are not given up on when Temporal %s', async (_why, code) => {
    await expect(register(earlier, { add: grpcError(code, 'no') })).rejects.toThrow('no');
    await expect(register(earlier, { list: grpcError(code, 'no') })).rejects.toThrow('no');
  });
});

describe('the search attributes of a running worker’s namespace', () => {
  async function keep(...[attributes, refuse]: Parameters<typeof operatorService>) {
    const { added, connection } = operatorService(attributes, refuse);
    const log = createKeptLog();
    const kept = await keepSearchAttributes({ connection, namespace: 'shop', everyMs: 1, log });
    return { added, log, stop: () => kept.stop() };
  }

  it('are registered again when one is lost', async () => {
    const attributes = { ...all };
    const { added, stop } = await keep(attributes);
    delete attributes['OrderReasonCode'];
    await eventually('it is registered', async () => added.includes('OrderReasonCode'));
    await stop();
  });

  it('are named with the command, again and again, until an operator has created them', async () => {
    const attributes = { ...earlier };
    const { log, stop } = await keep(attributes, { add: grpcError(7, 'Request unauthorized.') });
    await eventually('the warning is repeated', async () => log.lines.length > 2);
    const named =
      'create them: temporal operator search-attribute create --namespace shop --name Order';
    for (const { level, message } of log.lines) {
      expect(level).toBe('warn');
      expect(message).toContain(named);
    }
    Object.assign(attributes, all);
    await eventually('the warnings end', async () => {
      const before = log.lines.length;
      await sleep(20);
      return log.lines.length === before;
    });
    await stop();
  });

  it('are named once if the caller may not list them', async () => {
    const { log, stop } = await keep(all, { list: grpcError(7, 'Request unauthorized.') });
    await sleep(20);
    await stop();
    expect(log.lines).toHaveLength(1);
  });

  it('are checked again after Temporal was unreachable', async () => {
    const refuse: { list?: Error } = {};
    const attributes = { ...all };
    const { added, log, stop } = await keep(attributes, refuse);
    refuse.list = grpcError(14, 'no');
    await eventually('a check failed', async () =>
      log.lines.some(({ message }) => message.startsWith('checking the search attributes failed')),
    );
    delete refuse.list;
    delete attributes['CaseId'];
    await eventually('it is registered', async () => added.includes('CaseId'));
    await stop();
  });
});

describe('the code of an error', () => {
  const failed = (cause: Error) =>
    Object.assign(new Error('Failed to start Workflow', { cause }), { name: 'ServiceError' });

  it.each([
    'Namespace default has no mapping defined for search attribute OrderReasonCode',
    '3 INVALID_ARGUMENT: Namespace default has no mapping defined for search attribute OrderReasonCode',
    'search attribute OrderReasonCode is not defined',
    'Search attribute "OrderReasonCode" is not defined in the namespace',
  ])('names a search attribute that is missing: %s', (message) => {
    expect(temporalCode(failed(grpcError(3, message)))).toBe(
      'SEARCH_ATTRIBUTE_MISSING_OrderReasonCode',
    );
  });

  it('names a search attribute that Temporal refuses for another reason', () => {
    const message = 'invalid value for search attribute CaseId of type Int: secret';
    expect(temporalCode(failed(grpcError(3, message)))).toBe('SEARCH_ATTRIBUTE_INVALID_CaseId');
  });

  it.each([
    [3, 'invalid task queue'],
    [3, 'search attribute Jane is not defined'],
    [14, 'search attribute OrderId is not defined'],
  ])('repeats nothing else of the message: %i %s', (code, message) => {
    expect(temporalCode(failed(grpcError(code, message)))).toBe(`ServiceError_${code}`);
  });
});
