import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SECRET_VARIABLES } from '../../../src/process/secret-files.ts';

/* What needs no renderer. `npm run test:helm` renders the chart and checks its objects. */

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const CHART = path.join(PROJECT, 'deploy/helm/rx-orders');
const read = (name: string) => readFileSync(path.join(CHART, name), 'utf8');
const values = parse(read('values.yaml')) as Record<string, unknown>;
const templates = readdirSync(path.join(CHART, 'templates')).map((name) => {
  return [name, read(`templates/${name}`)] as const;
});
const all = templates.map(([, text]) => text).join('\n');

/** Returns the value at a path, such as `server.replicas`; undefined when there is none. */
function valueAt(at: string): unknown {
  return at.split('.').reduce<unknown>((value, name) => {
    return value instanceof Object ? (value as Record<string, unknown>)[name] : undefined;
  }, values);
}

describe('the Helm chart', () => {
  it.each(templates)('uses in %s only values that values.yaml explains', (_, text) => {
    const used = [...text.matchAll(/\.Values\.([\w.]+)/g)].map(([, at]) => String(at));
    expect(used.filter((at) => valueAt(at) === undefined)).toEqual([]);
  });

  it('has the version of the package', () => {
    const { version } = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(parse(read('Chart.yaml'))).toMatchObject({ version, appVersion: version });
  });

  it('sets only variables that the programs read', () => {
    const known = readFileSync(path.join(PROJECT, '.env.example'), 'utf8');
    const set = [...all.matchAll(/\{ name: ([A-Z][A-Z0-9_]+), value/g)].map(([, name]) =>
      String(name),
    );
    const hosts = ['CODEC_HOST', 'CONSOLE_HOST'];
    const files = SECRET_VARIABLES.map((name) => `${name}_FILE`);
    expect(set.length).toBeGreaterThan(10);
    expect(
      set.filter((name) => !known.includes(`\n${name}=`) && ![...files, ...hosts].includes(name)),
    ).toEqual([]);
  });

  it('takes no secret as a value', () => {
    const schema = JSON.parse(read('values.schema.json')) as {
      definitions: { env: { propertyNames: { not: { pattern: string } } } };
    };
    const refused = new RegExp(schema.definitions.env.propertyNames.not.pattern);
    const listed = SECRET_VARIABLES.filter((name) => !/ACCESS_KEY/.test(name));
    expect(listed.filter((name) => !refused.test(name))).toEqual([]);
    expect(all).not.toMatch(/kind: Secret\b/);
  });

  it('probes the worker as docker-compose.yml does', () => {
    const compose = readFileSync(path.join(PROJECT, 'docker-compose.yml'), 'utf8');
    const probe = /const \{ mtimeMs \}.*\n.*30_000 \? 0 : 1\)/.exec(compose)?.[0] ?? 'missing';
    const lines = (text: string) => text.replaceAll(/\n\s+/g, ' ');
    expect(lines(read('templates/worker.yaml'))).toContain(lines(probe));
  });
});
