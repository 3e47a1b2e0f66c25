// Adds to package-lock.json the optional packages of other platforms that a registry mirror did not
// have when npm wrote the file. npm omits such packages, and `npm ci` then refuses the lock file. The
// added packages have no integrity hash: on their platforms npm fetches them by name and exact version.
//
//   npm run lock      writes the lock file again and completes it

import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../package-lock.json', import.meta.url);
const OS = new Map(
  [
    'aix',
    'android',
    'darwin',
    'freebsd',
    'linux',
    'netbsd',
    'openbsd',
    'openharmony',
    'sunos',
    'win32',
  ]
    .map((os) => [os, os])
    .concat([['windows', 'win32']]),
);
const CPU = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const missing = Object.entries(lock.packages).flatMap(
  ([owner, { dev, optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !isLocked(owner, name))
      .map(([name, version]) => [`node_modules/${name}`, describe(name, version, dev)]),
);
const packages = { ...lock.packages, ...Object.fromEntries(missing) };
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.error(`${missing.length} packages of other platforms added to package-lock.json`);

/** Searches as Node does: first in the owner's own folder, then in each folder above it. */
function isLocked(owner, name) {
  const folders = owner === '' ? [] : owner.split('/node_modules/');
  for (let depth = folders.length; depth >= 0; depth -= 1) {
    const above = folders.slice(0, depth).join('/node_modules/');
    if (`${above === '' ? '' : `${above}/`}node_modules/${name}` in lock.packages) return true;
  }
  return false;
}

/** The entry of a package, with the platform from its name, as in `@biomejs/cli-linux-arm64-musl`. */
function describe(name, version, dev) {
  const words = name.split('/').at(-1).split('-');
  const cpu = words.find((word) => CPU.includes(word));
  const os = words.map((word) => OS.get(word)).find(Boolean);
  return {
    version: version.replace(/^[\^~]/, ''),
    ...(cpu && { cpu: [cpu] }),
    ...(dev && { dev }),
    optional: true,
    ...(os && { os: [os] }),
  };
}
