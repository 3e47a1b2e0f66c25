import { execFileSync } from 'node:child_process';

/** Of every package in the lock file: more than the default 1 MiB of text. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * The bill of materials of what runs in production, as CycloneDX: every production package of the
 * lock file, those of other platforms too. Without the network, and the same on every machine but
 * for its serial number and time.
 *
 * @param {string} folder of the project.
 * @returns {object} the document.
 * @throws {Error} npm cannot make one, as from a lock file that does not fit package.json.
 */
export function makeSbom(folder) {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
  const text = execFileSync('npm', [...args, '--package-lock-only', '--offline'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: MAX_BYTES,
  });
  const sbom = JSON.parse(text);
  const { component } = sbom.metadata;
  const { 'bom-ref': root } = component;
  // npm calls it after the folder.
  component.name = root.slice(0, root.lastIndexOf('@'));
  // npm's own `--omit dev` also leaves out what a development package needs as well as production.
  const kept = sbom.components.filter((each) => !isForDevelopment(each));
  const refs = new Set([root, ...kept.map((each) => each['bom-ref'])]);
  return {
    ...sbom,
    components: kept,
    dependencies: sbom.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map((each) => ({ ...each, dependsOn: each.dependsOn?.filter((ref) => refs.has(ref)) })),
  };
}

function isForDevelopment({ properties = [] }) {
  return properties.some(
    ({ name, value }) => name === 'cdx:npm:package:development' && value === 'true',
  );
}
