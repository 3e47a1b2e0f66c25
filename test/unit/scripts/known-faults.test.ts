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
  folder = mkdtempSync(path.join(tmpdir(), 'known-faults-'));
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

/** Runs the check against a registry that answers every question about faults like this. */
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
    npm_config_cache: path.join(folder, 'cache'), // it keeps what it was told
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

describe('known faults', () => {
  it('of a production package are told by its name', async () => {
    const url = 'https://advisories.example.com/1';
    const words = { id: 1, url, title: 'Planted', severity: 'high' };
    const advisory = { ...words, vulnerable_versions: '<2.0.0' };
    const { code, stderr } = await checkAt(200, { planted: [advisory] });
    expect([code, stderr]).toEqual([1, `planted: a fault is known (high) ${url}\n`]);
  });

  it('are none when the registry knows none', async () => {
    expect(await checkAt(200, {})).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('are not checked where the registry does not answer, and that is said', async () => {
    expect(await checkAt(405, {})).toEqual({
      ...{ code: 3, stderr: '' },
      stdout: 'the registry tells no known faults here\n',
    });
  });
});
