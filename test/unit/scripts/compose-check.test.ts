import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const COMPOSE = readFileSync(path.join(PROJECT, 'docker-compose.yml'), 'utf8');
/** The first run builds the checker. */
const BUILD_LIMIT_MS = 10 * 60_000;

function check(file: string, env: NodeJS.ProcessEnv = process.env) {
  const script = path.join(PROJECT, 'scripts/verify/compose.mjs');
  return spawnSync(process.execPath, [script, file], { encoding: 'utf8', env });
}

const hasGo = spawnSync('go', ['version']).status === 0;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'compose-check-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

// Only the checker needs Go. The system itself runs without it.
describe.runIf(hasGo)('the compose check', () => {
  beforeAll(() => {
    check(path.join(PROJECT, 'docker-compose.yml'));
  }, BUILD_LIMIT_MS);

  it('accepts the compose file of the project', () => {
    expect(check(path.join(PROJECT, 'docker-compose.yml'))).toMatchObject({
      stderr: '',
      status: 0,
    });
  });

  it.each([
    ['an undefined volume', '- documents:', '- papers:', 'undefined volume papers'],
    [
      'an undefined dependency',
      '      migrate:\n',
      '      migrant:\n',
      'undefined service "migrant"',
    ],
    ['a bad duration', 'stop_grace_period: 30s', 'stop_grace_period: 30 parsecs', 'parsecs'],
    ['a bad duration of a health check', 'interval: 10s', 'interval: soon', 'soon'],
    ['an unknown key', '    restart:', '    restrat:', 'restrat'],
    ['a condition that does not exist', 'service_healthy', 'service_happy', 'condition'],
    ['an undefined config', 'source: create-databases', 'source: create-data', 'create-data'],
  ])('refuses %s', (_, right, wrong, message) => {
    expect(COMPOSE).toContain(right);
    const file = path.join(folder, 'docker-compose.yml');
    writeFileSync(file, COMPOSE.replace(right, wrong));
    const { status, stderr } = check(file);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  });
});

describe('the compose check without Go', () => {
  it('reports that it checked nothing', () => {
    const env = { PATH: path.dirname(process.execPath), XDG_CACHE_HOME: folder };
    const { status, stderr } = check(path.join(PROJECT, 'docker-compose.yml'), env);
    expect({ status, stderr: stderr.trim() }).toEqual({
      status: 3,
      stderr: 'Go is not installed, so the compose file was not checked',
    });
  });
});
