import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from '../../sandbox/folders.ts';

const TSC = path.join(PROJECT, 'node_modules/typescript/bin/tsc');
const PACKAGES = ['packages/http-client', 'packages/webhooks'];
/** What the tarballs contain in addition to the build. */
const FILES = [
  ...['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'scripts/rx.mjs'],
  ...PACKAGES.flatMap((folder) =>
    ['package.json', 'README.md', 'LICENSE', 'examples'].map((name) => `${folder}/${name}`),
  ),
];
/** The bootstrap puts temporary files into node_modules, where Node would find the project's packages. */
const OUTSIDE = existsSync('/tmp') ? '/tmp' : tmpdir();
/** npm's dry run needs a token and contacts no registry. */
const OFFLINE = [
  '--registry=http://localhost:1/',
  '--//localhost:1/:_authToken=none',
  '--fetch-retries=0',
];

/** Settings that npm takes over from the npm that runs the tests. The project's own are not a user's. */
const INHERITED = /^npm_config_(registry|cache|userconfig|globalconfig|cafile|.*proxy)$/i;

const run = promisify(execFile);

/** A tarball, as `npm pack --json` describes it. */
export interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly version: string;
  readonly files: readonly { readonly path: string }[];
}

/** The three packages, packed and installed where a user would have them. */
export interface InstalledPackages {
  /** A folder outside the project that has nothing but the packages and Node's types. */
  readonly folder: string;
  readonly packed: readonly Packed[];
  /** Compiles programs in the folder, as a strict user would, and without `skipLibCheck`. */
  compile(programs: Readonly<Record<string, string>>): Promise<void>;
  /** Runs `npm publish --dry-run` for all three; returns what npm printed. */
  publishDry(): Promise<string>;
  remove(): void;
}

/** Builds, packs and installs the packages. Production dependencies only. */
export async function installPackages(): Promise<InstalledPackages> {
  const folder = mkdtempSync(path.join(OUTSIDE, 'rx-installed-'));
  try {
    return await installInto(folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function installInto(folder: string): Promise<InstalledPackages> {
  const stage = path.join(folder, 'stage');
  const settings = Object.entries(process.env).filter(
    ([name]) => !/^npm_/i.test(name) || INHERITED.test(name),
  );
  const env = Object.fromEntries(settings);
  const npm = async (args: readonly string[], cwd: string) =>
    await run('npm', [...args], { cwd, env, maxBuffer: 16 * 1024 * 1024 });

  mkdirSync(stage);
  await run(process.execPath, [path.join(PROJECT, 'scripts/build.mjs'), stage]);
  for (const name of FILES) {
    cpSync(path.join(PROJECT, name), path.join(stage, name), { recursive: true });
  }
  const every = ['--workspaces', '--include-workspace-root'];
  const { stdout } = await npm(['pack', ...every, '--json'], stage);
  const packed = Object.values(JSON.parse(stdout) as Packed[]);

  writeFileSync(path.join(folder, 'package.json'), '{"private":true,"type":"module"}');
  const tarballs = packed.map(({ filename }) => path.join(stage, filename));
  const types = '@types/node@20.19.43';
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await npm(['install', '--omit=dev', ...quiet, ...tarballs, types], folder);

  return {
    folder,
    packed,
    async compile(programs) {
      for (const [name, text] of Object.entries(programs)) {
        writeFileSync(path.join(folder, name), text);
      }
      const options = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
      const target = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
      await run(process.execPath, [TSC, ...options, ...target, ...Object.keys(programs)], {
        cwd: folder,
      }).catch((error: { stdout: string }) => {
        throw new Error(`the programs do not compile:\n${error.stdout}`);
      });
    },
    async publishDry() {
      const args = ['publish', '--dry-run', ...every, ...OFFLINE];
      const result = await npm(args, stage);
      return result.stdout + result.stderr;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
