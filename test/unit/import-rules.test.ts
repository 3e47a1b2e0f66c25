import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const options = await extractOptions(path.join(PROJECT, '.dependency-cruiser.mjs'));

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
  'http-client-imports-only-contract-types': {
    'src/http-client.ts': `import type { Row } from './orders/row.ts'; export type R = Row;`,
    'src/http-client/crypto.ts': `import { randomUUID } from 'node:crypto'; randomUUID();`,
    'src/http-client/zod.ts': `import type { z } from 'zod'; export type Z = typeof z;`,
  },
  'http-client-imports-no-value-of-the-contract': {
    'src/http-client/value.ts': `import { c } from '../contract/fine.ts'; export const v = c;`,
  },
  'webhooks-verify-imports-only-crypto': {
    'src/webhooks-verify.ts': `import { errors } from './webhooks/errors.ts'; errors();`,
    'src/webhooks-verify/files.ts': `import { statSync } from 'node:fs'; statSync('.');`,
    'src/webhooks-verify/zod.ts': `import type { z } from 'zod'; export type Z = typeof z;`,
  },
  'webhooks-verify-imports-no-value-of-the-contract': {
    'src/webhooks-verify/value.ts': `import { c } from '../contract/fine.ts'; export const v = c;`,
  },
  'activities-see-adapters-as-types': {
    'src/activities/rest.ts': `import { rest } from '../pharmacy/rest.ts'; export const r = rest;`,
    'src/activities/hook.ts': `import { errors } from '../webhooks/errors.ts'; errors();`,
  },
  'adapters-never-import-each-other': {
    'src/pharmacy/store.ts': `import type { S } from '../documents/errors.ts'; export type T = S;`,
    'src/documents/rest.ts': `import { rest } from '../pharmacy/rest.ts'; export const r = rest;`,
    'src/webhooks/rest.ts': `import { rest } from '../pharmacy/rest.ts'; export const r = rest;`,
  },
  'nothing-imports-a-composition-root': {
    'src/http/of-server.ts': `import '../server.ts';`,
    'src/dispatch/of-worker.ts': `import '../worker.ts';`,
    'src/storage/of-migrate.ts': `import '../migrate.ts';`,
    'src/embedded/of-cli.ts': `import '../cli.ts';`,
    'src/embedded/of-start.ts': `import './start.ts';`,
    'src/embedded/of-demo.ts': `import './demo.ts';`,
    'test/of-simulator.ts': `import '../simulator/main.ts';`,
  },
  'only-composition-roots-read-the-configuration': {
    'src/dispatch/env.ts': `import { parse } from '../config.ts'; export const c = parse({});`,
  },
  'src-never-imports-the-simulator': {
    'src/dispatch/sim.ts': `import type { L } from '../../simulator/ledger.ts'; export type M = L;`,
  },
  'simulator-never-imports-src': {
    'simulator/row.ts': `import type { Row } from '../src/orders/row.ts'; export type R = Row;`,
  },
  'src-never-imports-tests-or-tools': {
    'src/dispatch/test.ts': `import { help } from '../../test/help.ts'; help();`,
    'simulator/test.ts': `import { help } from '../test/help.ts'; help();`,
  },
  'production-needs-no-development-dependency': {
    'src/dispatch/dev.ts': `import { check } from 'fast-check'; check();`,
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
  'src/config.ts': `import { z } from 'zod'; export const parse = (e: unknown) => z(e);`,
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
    import { Refused } from '../pharmacy/errors.ts';
    import { Missing } from '../documents/errors.ts';
    export type Act = R; export const all = [Refused, Missing];`,
  'src/http-client/errors.ts': `import type { C } from '../contract/fine.ts'; export type E = C;`,
  'src/http-client/fine.ts': `import type { E } from './errors.ts'; export type F = E;`,
  'src/webhooks-verify/fine.ts': `
    import { createHmac } from 'node:crypto';
    import type { C } from '../contract/fine.ts'; export const sign = (c: C) => createHmac(c, c);`,
  'src/pharmacy/errors.ts': `export const Refused = 1;`,
  'src/pharmacy/rest.ts': `
    import { Refused } from './errors.ts';
    export type R = number; export const rest = Refused;`,
  'src/documents/errors.ts': `export type S = 1; export const Missing = 1;`,
  'src/webhooks/errors.ts': `
    import { sign } from '../webhooks-verify/fine.ts'; export const errors = () => sign;`,
  'src/http/config.ts': `import type { parse } from '../config.ts'; export type P = typeof parse;`,
  'src/embedded/config.ts': `
    import { check } from 'fast-check'; import { parse } from '../config.ts';
    export const c = [check, parse];`,
  'src/server.ts': `import { parse } from './config.ts'; parse({});`,
  'src/worker.ts': `import { order } from './workflows/order-messages.ts'; order();`,
  'src/migrate.ts': ``,
  'src/cli.ts': ``,
  'src/embedded/start.ts': ``,
  'src/embedded/demo.ts': ``,
  'simulator/main.ts': ``,
  'simulator/ledger.ts': `export type L = 1;`,
  'test/help.ts': `import { row } from '../src/orders/row.ts'; export const help = () => row;`,
};

const SOURCE_FOLDERS = ['src', 'simulator', 'test', 'examples', 'bench'];
const PACKAGES = ['zod', 'postgres', 'fast-check', '@temporalio/workflow'];

async function write(root: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
}

async function violationsIn(baseDir: string, folders: string[]): Promise<Map<string, string[]>> {
  const { output } = await cruise(folders, { ...options, baseDir });
  const found = new Map<string, string[]>();
  for (const { rule, from } of (output as ICruiseResult).summary.violations) {
    found.set(rule.name, [...new Set([...(found.get(rule.name) ?? []), from])].sort());
  }
  return found;
}

describe('import rules', () => {
  let tree: string;
  let found: Map<string, string[]>;

  beforeAll(async () => {
    tree = await mkdtemp(path.join(tmpdir(), 'import-rules-'));
    await write(tree, ALLOWED);
    for (const files of Object.values(PLANTED)) await write(tree, files);
    await write(tree, {
      'package.json': JSON.stringify({
        type: 'module',
        dependencies: { zod: '1.0.0', postgres: '1.0.0', '@temporalio/workflow': '1.0.0' },
        devDependencies: { 'fast-check': '1.0.0' },
      }),
    });
    for (const name of PACKAGES) {
      await write(path.join(tree, 'node_modules', name), {
        'package.json': JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
        'index.js': '',
      });
    }
    found = await violationsIn(tree, ['src', 'simulator', 'test']);
  });

  afterAll(async () => {
    await rm(tree, { recursive: true, force: true });
  });

  it('has a planted violation for every rule', () => {
    const rules = options.ruleSet?.forbidden?.map((rule) => rule.name);
    expect(Object.keys(PLANTED).sort()).toEqual(rules?.sort());
  });

  it.each(Object.entries(PLANTED))(
    '%s fires on what was planted, and only there',
    (name, files) => {
      expect(found.get(name)).toEqual(Object.keys(files).sort());
    },
  );

  it('finds no violation in the project', async () => {
    const folders = SOURCE_FOLDERS.filter((name) => existsSync(path.join(PROJECT, name)));
    expect(Object.fromEntries(await violationsIn(PROJECT, folders))).toEqual({});
    // The whole project is read, on a machine that does other things as well.
  }, 60_000);
});
