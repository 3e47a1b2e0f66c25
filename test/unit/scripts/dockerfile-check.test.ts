import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const SCRIPT = path.join(PROJECT, 'scripts/verify/dockerfile.mjs');
/** The first run installs hadolint. */
const INSTALL_LIMIT_MS = 4 * 60_000;

const lint = (...files: string[]) =>
  spawnSync(process.execPath, [SCRIPT, ...files], { cwd: PROJECT, encoding: 'utf8' });
const hasPython = spawnSync('python3', ['-m', 'venv', '--help']).status === 0;

describe.runIf(hasPython)('the check of the Dockerfile', () => {
  it(
    'accepts ours, and refuses an image without a version and a command in the wrong form',
    () => {
      expect(lint()).toMatchObject({ status: 0, stderr: '' });
      const folder = mkdtempSync(path.join(tmpdir(), 'dockerfile-'));
      try {
        const file = path.join(folder, 'Dockerfile');
        writeFileSync(file, 'FROM node\nCMD node server.js\n');
        const { status, stderr } = lint(file);
        expect(stderr).toContain('DL3006');
        expect(stderr).toContain('DL3025');
        expect(status).toBe(1);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    INSTALL_LIMIT_MS,
  );
});
