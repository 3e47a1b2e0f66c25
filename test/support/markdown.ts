import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

/** Folders without documents of this project. */
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.data', '.git']);

/** The paths of all documents, relative to the project. */
export function documents(folder = ''): string[] {
  return readdirSync(path.join(PROJECT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : documents(file);
    return entry.name.endsWith('.md') ? [file] : [];
  });
}

/** The text of a file of the project. */
export function textOf(file: string): string {
  return readFileSync(path.join(PROJECT, file), 'utf8');
}

/** A link of a document to another place of the project. */
export interface Link {
  /** Relative to the project. */
  readonly file: string;
  /** The heading, without `#`. */
  readonly anchor: string | undefined;
}

/** The links of a document that stay within the project. */
export function linksOf(file: string): Link[] {
  const targets = [...withoutCode(textOf(file)).matchAll(/\]\(([^)\s]+)\)/g)];
  return targets
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [name = '', anchor] = target.split('#');
      const base = path.posix.dirname(file);
      return { file: name === '' ? file : path.posix.join(base, name), anchor };
    });
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(file: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutBlocks(textOf(file)).matchAll(/^#+ (.+)$/gm)) {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let anchor = slug;
    for (let copy = 1; anchors.has(anchor); copy += 1) anchor = `${slug}-${copy}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Documents' code is no Markdown: brackets in it are no links, and `#` begins a comment. */
function withoutCode(text: string): string {
  return withoutBlocks(text).replace(/`[^`\n]*`/g, '`code`');
}

function withoutBlocks(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '');
}
