import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';
import type { TestProject } from 'vitest/node';
import { PROJECT, temporaryFolder } from '../../sandbox/folders.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the compiled programs, such as `src/server.js`, with its own `package.json`. */
    readonly compiled: string;
  }
}

interface Shared {
  users: number;
  readonly folder: Promise<string>;
}

/** Several projects share the folder in one process: the first makes it, the last removes it. */
const held = globalThis as typeof globalThis & { rxOrdersCompiledPrograms?: Shared };

/**
 * Compiles the server, the worker, `rx` and the simulator for the tests that start them as processes.
 * Compiled programs start in half the CPU time that they take with tsx, and it is how the image runs
 * them. `test/e2e/stack.test.ts` and others start them with tsx, as `npm start` does.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  held.rxOrdersCompiledPrograms ??= { users: 0, folder: compilePrograms() };
  const shared = held.rxOrdersCompiledPrograms;
  shared.users += 1;
  const folder = await shared.folder;
  project.provide('compiled', folder);
  project.onTestsRerun(() => compileInto(folder));
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    delete held.rxOrdersCompiledPrograms;
    await rm(folder, { recursive: true, force: true });
  };
}

/** Compiles the programs into a new folder, inside the project so that they find its packages. */
export async function compilePrograms(): Promise<string> {
  const folder = await mkdtemp(path.join(temporaryFolder(), 'compiled-'));
  await compileInto(folder);
  return folder;
}

/**
 * Compiles the programs file by file, without type checks: a fifth of the time of a build. The folder
 * gets its own `package.json`, because Node looks for it no higher than in `node_modules`.
 */
async function compileInto(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const { fileNames, options } = buildSettings();
  for (const fileName of fileNames.filter((name) => !name.endsWith('.d.ts'))) {
    const source = await readFile(fileName, 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions: options, fileName });
    const output = path.join(folder, path.relative(PROJECT, fileName)).replace(/\.tsx?$/, '.js');
    await mkdir(path.dirname(output), { recursive: true });
    await writeFile(output, outputText);
  }
  await cp(path.join(PROJECT, 'package.json'), path.join(folder, 'package.json'));
  // Migrations and the documentation page.
  await cp(path.join(PROJECT, 'src'), path.join(folder, 'src'), {
    recursive: true,
    filter: (file) => !/\.tsx?$/.test(file),
  });
}

function buildSettings(): ts.ParsedCommandLine {
  const file = path.join(PROJECT, 'tsconfig.build.json');
  const { config } = ts.readConfigFile(file, ts.sys.readFile) as { config: unknown };
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, PROJECT);
  const { options } = parsed;
  options.declaration = false;
  options.sourceMap = false;
  // With `nodenext`, the format of a file depends on package.json, which `transpileModule` does not read.
  options.module = ts.ModuleKind.ESNext;
  delete options.moduleResolution;
  return parsed;
}
