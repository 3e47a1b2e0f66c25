import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { freePorts } from '../../sandbox/ports.ts';
import { eventually } from './eventually.ts';
import { PROMETHEUS_FOLDER } from './prometheus-rules.ts';

/** Whether this machine has Prometheus; Debian's package `prometheus` brings it. */
export const hasPrometheus = spawnSync('prometheus', ['--version']).error === undefined;

/** A Prometheus that scrapes every second, with the rules of `deploy/prometheus`. */
export interface TestPrometheus {
  /** Evaluates an expression now; returns how many series it has. */
  query(expression: string): Promise<number>;
  close(): Promise<void>;
}

/** @param targets the jobs with the addresses of their pages. */
export async function startPrometheus(
  targets: Readonly<Record<string, string>>,
): Promise<TestPrometheus> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-prometheus-'));
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [path.join(PROMETHEUS_FOLDER, 'rx-orders.rules.yml')],
    scrape_configs: Object.entries(targets).map(([job_name, address]) => ({
      job_name,
      static_configs: [{ targets: [address] }],
    })),
  };
  await writeFile(path.join(folder, 'prometheus.yml'), stringify(config));
  const { PORT } = await freePorts();
  const listen = `127.0.0.1:${PORT}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${listen}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const exited = once(child, 'exit');
  await eventually('Prometheus is ready', async () => {
    const response = await fetch(`http://${listen}/-/ready`).catch(() => undefined);
    return response?.status === 200;
  });
  return {
    async query(expression) {
      const url = `http://${listen}/api/v1/query?query=${encodeURIComponent(expression)}`;
      const answer = (await (await fetch(url)).json()) as {
        status: string;
        error?: string;
        data: { result: unknown[] };
      };
      if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`);
      return answer.data.result.length;
    },
    async close() {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
