import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

/** The folder of the rules. */
export const PROMETHEUS_FOLDER = path.join(import.meta.dirname, '../../deploy/prometheus');
const DASHBOARDS = path.join(import.meta.dirname, '../../deploy/grafana/dashboards');

/** A rule of `deploy/prometheus/rx-orders.rules.yml`. */
export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function readRules(): Rule[] {
  const { groups } = readYaml('rx-orders.rules.yml') as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** The names of the tests that promtool runs. */
export function readRuleTests(): string[] {
  const { tests } = readYaml('rx-orders.rules.test.yml') as { tests: { name: string }[] };
  return tests.map(({ name }) => name);
}

/** The queries of the dashboards for Grafana. */
export function readDashboardQueries(): string[] {
  return readdirSync(DASHBOARDS).flatMap((name) => {
    const { panels } = JSON.parse(readFileSync(path.join(DASHBOARDS, name), 'utf8')) as {
      panels: { targets: { expr: string }[] }[];
    };
    return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  });
}

/** The metrics of this project's processes that expressions name, as a page declares them. */
export function metricsIn(expressions: readonly string[]): string[] {
  const names = expressions.flatMap(
    (each) => each.match(/(?<![\w:])(rx|temporal|process|nodejs)_\w+/g) ?? [],
  );
  return [...new Set(names.map((name) => name.replace(/_(bucket|count|sum)$/, '')))].toSorted();
}

function readYaml(name: string): unknown {
  return parse(readFileSync(path.join(PROMETHEUS_FOLDER, name), 'utf8'));
}
