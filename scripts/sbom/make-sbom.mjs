import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { lockedPackages } from '../verify/lock-file.mjs';

const CYCLONEDX = fileURLToPath(
  new URL('../../node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js', import.meta.url),
);
/** The default limit of 1 MiB is too small for a document with every package. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Makes the CycloneDX bill of materials of what runs in production: every production package of the
 * lock file, including those of other platforms. It needs no network, and the same lock file gives the
 * same components on every machine.
 *
 * @param {string} folder the project's folder.
 * @returns {object} the document.
 * @throws {Error} cyclonedx-npm fails, for example because the lock file does not match package.json.
 */
export function makeSbom(folder) {
  const args = ['--package-lock-only', '--omit', 'dev', '--no-workspaces'];
  const output = ['--output-format', 'JSON', '--output-reproducible', '--flatten-components'];
  const text = execFileSync(process.execPath, [CYCLONEDX, ...args, '--short-PURLs', ...output], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: MAX_BYTES,
  });
  const sbom = JSON.parse(text);
  return { ...sbom, components: withHashes(sbom.components, lockedPackages(folder)) };
}

/**
 * Adds the hashes of the lock file. cyclonedx-npm writes a hash only next to the address that a package
 * came from, and our lock file names no addresses.
 */
function withHashes(components, locked) {
  const integrities = new Map(locked.map(({ at, entry }) => [at, entry.integrity]));
  return components.map((component) => {
    const at = component.properties.find(({ name }) => name === 'cdx:npm:package:path').value;
    const [algorithm, base64] = integrities.get(at)?.split('-') ?? [];
    if (algorithm !== 'sha512') return component;
    const content = Buffer.from(base64, 'base64').toString('hex');
    return { ...component, hashes: [{ alg: 'SHA-512', content }] };
  });
}
