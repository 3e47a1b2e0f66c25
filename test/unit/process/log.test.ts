import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../../src/process/config.ts';

const LOG_MODULE = new URL('../../../src/process/log.ts', import.meta.url).href;

/** Runs code with a `log` in another process, and returns the output. */
function runWithLog(config: Config['log'], body: string): { stdout: string; stderr: string } {
  const program = `import { createLog } from ${JSON.stringify(LOG_MODULE)};
    const log = createLog('worker', ${JSON.stringify(config)});
    ${body}`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(status).toBe(0);
  return { stdout, stderr };
}

const ALL_LEVELS = `log.debug('one'); log.info('two', { orderId: 'o-1', attempt: 2 });
  log.warn('three\\nlines', { code: 'PHARMACY_HTTP_503' }); log.error('four', { durationMs: 7 });
  process.exit(0);`;

describe('createLog', () => {
  it('writes one JSON line per event to stderr, before the process can exit', () => {
    const { stdout, stderr } = runWithLog({ level: 'debug', format: 'json' }, ALL_LEVELS);
    expect(stdout).toBe('');
    const lines = stderr.trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown;
    // Compares whole lines: pino's default fields, such as host name and pid, must be absent.
    expect(events).toStrictEqual([
      { level: 'debug', time, part: 'worker', msg: 'one' },
      { level: 'info', time, part: 'worker', orderId: 'o-1', attempt: 2, msg: 'two' },
      { level: 'warn', time, part: 'worker', code: 'PHARMACY_HTTP_503', msg: 'three\nlines' },
      { level: 'error', time, part: 'worker', durationMs: 7, msg: 'four' },
    ]);
  });

  it('writes JSON without a terminal, and omits events below its level', () => {
    const silent = `createLog('quiet', { level: 'silent', format: 'json' }).error('never');`;
    const { stderr } = runWithLog({ level: 'warn', format: 'auto' }, silent + ALL_LEVELS);
    const lines = stderr.trimEnd().split('\n');
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual(['three\nlines', 'four']);
  });

  it('writes readable lines in pretty format, and loses none at exit', () => {
    const { stdout, stderr } = runWithLog({ level: 'info', format: 'pretty' }, ALL_LEVELS);
    expect(stdout).toBe('');
    expect(stderr).toContain('worker: two');
    expect(stderr).toContain('worker: four');
    expect(stderr).not.toContain('"msg"');
  });
});
