import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_RULES, isFloorRule, plantTree, violationsIn } from '../support/import-rules.ts';

/** What each rule forbids: the planted imports, a file's text by its path. */
const PLANTED: Record<string, Record<string, string>> = {
  'contract-imports-only-zod': {
    'src/contract/order.ts': `import type { Row } from '../orders/row.ts'; export type O = Row;`,
    'src/contract/crypto.ts': `import { createHash } from 'node:crypto'; createHash('sha256');`,
  },
  'workflows-import-only-temporal-as-values': {
    'src/workflows/zod.ts': `import { z } from 'zod'; export const s = z;`,
    'src/workflows/row.ts': `import { row } from '../orders/row.ts'; export const r = row;`,
  },
  'workflows-use-no-node-builtin': {
    'src/workflows/files.ts': `import type { Stats } from 'node:fs'; export type S = Stats;`,
  },
  'http-never-imports-activities': {
    'src/http/act.ts': `import type { Act } from '../activities/fine.ts'; export type A = Act;`,
  },
  'http-has-no-sql': {
    'src/http/query.ts': `import type { Sql } from 'postgres'; export type S = Sql;`,
  },
  'client-takes-workflow-functions-as-types': {
    'src/client.ts': `import { order } from './workflows/order.ts'; export const o = order;`,
  },
  'packages-import-only-themselves': {
    'packages/webhooks/src/row.ts': `import type { R } from '../../../src/orders/row.ts'; export type S = R;`,
    'packages/webhooks/src/zod.ts': `import type { z } from 'zod'; export type Z = typeof z;`,
    'packages/webhooks/src/files.ts': `import { statSync } from 'node:fs'; statSync('.');`,
  },
  'http-client-uses-no-node-builtin': {
    'packages/http-client/src/crypto.ts': `import { randomUUID } from 'node:crypto'; randomUUID();`,
  },
  'activities-see-adapters-as-types': {
    'src/activities/rest.ts': `import { rest } from '../pharmacy/rest.ts'; export const r = rest;`,
    'src/activities/hook.ts': `import { send } from '../notifications/sending/send.ts'; send();`,
  },
  'adapters-never-import-each-other': {
    'src/pharmacy/store.ts': `import type { S } from '../documents/document-errors.ts'; export type T = S;`,
    'src/documents/rest.ts': `import { rest } from '../pharmacy/rest.ts'; export const r = rest;`,
    'src/notifications/sending/rest.ts': `import { rest } from '../../pharmacy/rest.ts'; rest;`,
  },
  'nothing-imports-a-composition-root': {
    'src/http/of-server.ts': `import '../server.ts';`,
    'src/engine/of-worker.ts': `import '../worker.ts';`,
    'src/storage/of-migrate.ts': `import '../migrate.ts';`,
    'sandbox/of-cli.ts': `import '../src/cli.ts';`,
    'sandbox/of-start.ts': `import './start.ts';`,
    'sandbox/of-demo.ts': `import './demo.ts';`,
    'test/of-simulator.ts': `import '../simulator/main.ts';`,
  },
  'only-composition-roots-read-the-configuration': {
    'src/engine/env.ts': `import { parse } from '../process/config.ts'; export const c = parse({});`,
  },
  'src-never-imports-the-packages': {
    'src/notifications/verify.ts': `import type { E } from '../../packages/webhooks/src/fine.ts'; export type V = E;`,
  },
  'src-never-imports-the-sandbox': {
    'src/engine/sandbox.ts': `import type { C } from '../../sandbox/config.ts'; export type D = C;`,
  },
  'src-never-imports-the-simulator': {
    'src/engine/sim.ts': `import type { L } from '../../simulator/ledger.ts'; export type M = L;`,
  },
  'simulator-never-imports-src': {
    'simulator/row.ts': `import type { Row } from '../src/orders/row.ts'; export type R = Row;`,
  },
  'src-never-imports-tests-or-tools': {
    'src/engine/test.ts': `import { help } from '../../test/help.ts'; help();`,
    'simulator/test.ts': `import { help } from '../test/help.ts'; help();`,
  },
  'production-needs-no-development-dependency': {
    'src/engine/dev.ts': `import { check } from 'fast-check'; check();`,
  },
  'no-circular-imports': {
    'src/orders/egg.ts': `import { hen } from './hen.ts'; export const egg = () => hen;`,
  },
  'no-unresolved-import': {
    'src/orders/gone.ts': `import { x } from './nowhere.ts'; x();`,
  },
};

/** Imports that the rules allow, and the files that the planted ones point at. */
const ALLOWED = {
  'src/process/config.ts': `import { z } from 'zod'; export const parse = (e: unknown) => z(e);`,
  'src/contract/fine.ts': `import { z } from 'zod'; export type C = string; export const c = z;`,
  'src/orders/row.ts': `export type Row = string; export const row = 1;`,
  // The other half of the planted circle, which is reported once.
  'src/orders/hen.ts': `import { egg } from './egg.ts'; export const hen = () => egg;`,
  'src/workflows/order-messages.ts': `export const done = 'done';`,
  'src/workflows/order.ts': `
    import { proxyActivities } from '@temporalio/workflow';
    import type { C } from '../contract/fine.ts';
    import { done } from './order-messages.ts';
    export const order = (c: C) => [proxyActivities, done, c];`,
  'src/activities/fine.ts': `
    import type { R } from '../pharmacy/rest.ts';
    import { Refused } from '../pharmacy/pharmacy-errors.ts';
    import { Missing } from '../documents/document-errors.ts';
    export type Act = R; export const all = [Refused, Missing];`,
  'packages/http-client/src/fine.ts': `
    import type { E } from './errors.ts'; export type F = E;`,
  'packages/http-client/src/errors.ts': `export type E = 1;`,
  'packages/webhooks/src/fine.ts': `
    import { createHmac } from 'node:crypto'; export type E = 1; createHmac('a', 'b');`,
  'src/pharmacy/pharmacy-errors.ts': `export const Refused = 1;`,
  'src/pharmacy/rest.ts': `
    import { Refused } from './pharmacy-errors.ts';
    export type R = number; export const rest = Refused;`,
  'src/documents/document-errors.ts': `export type S = 1; export const Missing = 1;`,
  'src/notifications/sending/send.ts': `export const send = () => 1;`,
  'src/http/config.ts': `
    import type { parse } from '../process/config.ts'; export type P = typeof parse;`,
  'sandbox/config.ts': `
    import { check } from 'fast-check'; import { parse } from '../src/process/config.ts';
    export type C = 1; export const c = [check, parse];`,
  'src/server.ts': `import { parse } from './process/config.ts'; parse({});`,
  'src/worker.ts': `import { order } from './workflows/order-messages.ts'; order();`,
  'src/migrate.ts': ``,
  'src/cli.ts': ``,
  'sandbox/start.ts': ``,
  'sandbox/demo.ts': ``,
  'simulator/main.ts': ``,
  'simulator/ledger.ts': `export type L = 1;`,
  'test/help.ts': `import { row } from '../src/orders/row.ts'; export const help = () => row;`,
};

/** `floors.test.ts` plants the violations of the others. */
const RULES = ALL_RULES.filter(({ name }) => !isFloorRule(name));

describe('import rules', () => {
  let tree: string;
  let found: Map<string, string[]>;

  beforeAll(async () => {
    tree = await plantTree(Object.assign({}, ALLOWED, ...Object.values(PLANTED)));
    found = await violationsIn(tree, ['src', 'sandbox', 'simulator', 'packages', 'test'], RULES);
  });

  afterAll(async () => {
    await rm(tree, { recursive: true, force: true });
  });

  it('has a planted violation for every rule', () => {
    expect(Object.keys(PLANTED).sort()).toEqual(RULES.map(({ name }) => name).sort());
  });

  it.each(Object.entries(PLANTED))(
    '%s fires on what was planted, and only there',
    (name, files) => {
      expect(found.get(name)).toEqual(Object.keys(files).sort());
    },
  );
});
