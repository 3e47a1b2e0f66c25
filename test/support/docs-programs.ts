import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../sandbox/folders.ts';
import type { Language } from '../../src/http/docs/assets/samples.js';
import { testEnvironment } from './environment.ts';

const PROGRAMS: Readonly<Record<Language, [file: string, command: string, args: string[]]>> = {
  curl: ['sample.sh', 'sh', []],
  javascript: ['sample.mjs', process.execPath, []],
  python: ['sample.py', 'python3', []],
  go: ['sample.go', 'go', ['run']],
};

/** A language whose program is missing cannot be tested; `go version` exits with 0 as `--version` does. */
const isHere = (language: Language) => {
  const [, command] = PROGRAMS[language];
  const [program, argument] =
    language === 'curl'
      ? ['curl', '--version']
      : [command, language === 'go' ? 'version' : '--version'];
  return spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;
};

/** The languages of the documentation that this machine can run. */
export const LANGUAGES_HERE = (Object.keys(PROGRAMS) as Language[]).filter((language) => {
  const here = isHere(language);
  if (!here) console.warn(`the documentation's programs in ${language} are not tested: no program`);
  return here;
});

/** Go compiles its library at the first run, without optimizing to save time; later runs find it in the cache. */
const GO = {
  GOCACHE: path.join(cacheFolder(testEnvironment()), 'go-samples'),
  GOFLAGS: "'-gcflags=all=-N -l'",
  CGO_ENABLED: '0',
};
const LIMIT_MS = 290_000;

/** The limit of a test that runs a program, which Go may have to compile. */
export const PROGRAM_LIMIT_MS = LIMIT_MS + 10_000;

/** Runs a program as a reader would, and returns what it printed. */
export async function runProgram(
  language: Language,
  text: string,
  { args = [], input = '', env = {} }: { args?: string[]; input?: string; env?: object } = {},
): Promise<string> {
  const [name, command, before] = PROGRAMS[language];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rx-samples-'));
  try {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    // Without the variables of a proxy, because everything is on this machine.
    const { PATH, HOME } = process.env;
    const options = { cwd: folder, env: { PATH, HOME, ...GO, ...env }, timeout: LIMIT_MS };
    const running = promisify(execFile)(command, [...before, file, ...args], options);
    running.child.stdin?.end(input);
    return (await running).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
