import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROMETHEUS_FOLDER, readRules, readRuleTests } from '../../support/prometheus-rules.ts';

const alerts = readRules().filter(({ alert }) => alert !== undefined);

describe.each(alerts)('the alert $alert', ({ alert = '', annotations = {}, labels = {} }) => {
  it('has a severity, a summary and a runbook that names it', () => {
    expect(['page', 'ticket']).toContain(labels.severity);
    expect(annotations.summary).toMatch(/\.$/);
    const runbook = path.join(import.meta.dirname, '../../..', annotations.runbook_url ?? 'none');
    expect(existsSync(runbook)).toBe(true);
    expect(readFileSync(runbook, 'utf8')).toContain(`\`${alert}\``);
  });

  it('has a test for promtool', () => {
    expect(readRuleTests()).toContain(alert);
  });
});

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

describe.skipIf(!hasPromtool)('with promtool, of the package prometheus of Debian', () => {
  it.each([
    ['check', 'config', 'prometheus.yml'],
    ['check', 'rules', 'rx-orders.rules.yml'],
    ['test', 'rules', 'rx-orders.rules.test.yml'],
  ])('promtool %s %s %s', (...args) => {
    const run = spawnSync('promtool', args, { cwd: PROMETHEUS_FOLDER, encoding: 'utf8' });

    expect(run.stdout + run.stderr).toContain('SUCCESS');
    expect(run.status).toBe(0);
  });
});
