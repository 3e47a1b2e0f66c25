import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(
  new URL('../../../scripts/verify/vulnerabilities.mjs', import.meta.url),
);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'vulnerabilities-'));
  const project = { name: 'app', version: '1.0.0', dependencies: { planted: '1.0.0' } };
  const planted = { version: '1.0.0', integrity: 'sha512-AA==' };
  const packages = { '': project, 'node_modules/planted': planted };
  const write = (name: string, content: object) =>
    writeFileSync(path.join(folder, name), JSON.stringify(content));
  write('package.json', project);
  write('package-lock.json', { ...project, lockfileVersion: 3, packages });
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the check against a registry that gives this answer to every question about vulnerabilities. */
async function checkAt(status: number, advisories: object) {
  const registry = createServer((request, response) => {
    const asked = request.url?.endsWith('/security/advisories/bulk');
    response.writeHead(asked ? status : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(asked ? advisories : {}));
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo;
  const env = {
    ...process.env,
    npm_config_registry: `http://127.0.0.1:${port}`,
    npm_config_cache: path.join(folder, 'cache'), // npm caches the answers
  };
  try {
    return await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, [SCRIPT, folder], { env }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });
  } finally {
    registry.close();
  }
}

describe('the check of vulnerabilities', () => {
  it('names a vulnerable production package', async () => {
    const url = 'https://advisories.example.com/1';
    const fields = { id: 1, url, title: 'Planted', severity: 'high' };
    const advisory = { ...fields, vulnerable_versions: '<2.0.0' };
    const { code, stderr } = await checkAt(200, { planted: [advisory] });
    expect([code, stderr]).toEqual([1, `planted has a known vulnerability (high) ${url}\n`]);
  });

  it('passes when the registry knows none', async () => {
    expect(await checkAt(200, {})).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('is skipped with a reason when the registry does not answer', async () => {
    expect(await checkAt(405, {})).toEqual({
      ...{ code: 3, stderr: '' },
      stdout: 'the registry does not report known vulnerabilities\n',
    });
  });
});
