import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';

/** The root folder of this project. */
export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

const options = await extractOptions(path.join(PROJECT, '.dependency-cruiser.mjs'));

type Rule = IForbiddenRuleType & { readonly name: string };

/** Every rule of `.dependency-cruiser.mjs`. */
export const ALL_RULES = (options.ruleSet?.forbidden ?? []) as readonly Rule[];

/** Returns whether a rule is about whole rooms and folders. */
export function isFloorRule(name: string): boolean {
  return name.startsWith('floor-of-') || name === 'no-circular-folders';
}

const PACKAGES = ['zod', 'postgres', 'fast-check', '@temporalio/workflow'];

/** Writes a project with these files into a new folder; returns the folder. */
export async function plantTree(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'import-rules-'));
  await write(root, files);
  await write(root, {
    'package.json': JSON.stringify({
      type: 'module',
      dependencies: { zod: '1.0.0', postgres: '1.0.0', '@temporalio/workflow': '1.0.0' },
      devDependencies: { 'fast-check': '1.0.0' },
    }),
  });
  for (const name of PACKAGES) {
    await write(path.join(root, 'node_modules', name), {
      'package.json': JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
      'index.js': '',
    });
  }
  return root;
}

async function write(root: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
}

/** Returns the files that violate each of the rules, by the rule's name. */
export async function violationsIn(
  baseDir: string,
  folders: string[],
  rules: readonly Rule[],
): Promise<Map<string, string[]>> {
  const ruleSet = { ...options.ruleSet, forbidden: [...rules] };
  const { output } = await cruise(folders, { ...options, ruleSet, baseDir });
  const found = new Map<string, string[]>();
  for (const { rule, from } of (output as ICruiseResult).summary.violations) {
    found.set(rule.name, [...new Set([...(found.get(rule.name) ?? []), from])].sort());
  }
  return found;
}
