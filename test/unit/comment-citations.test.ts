import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { textOf } from '../support/markdown.ts';

/* Comments cite documents of this repository, as in `docs/api.md, "Cancel"`: the heading must exist. */

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = ['src', 'sandbox', 'simulator', 'packages', 'scripts', 'examples', 'bench'];

const SOURCES = FOLDERS.flatMap((folder) =>
  readdirSync(path.join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs|py|sql)$/.test(name) && !/(^|\/)(node_modules|dist)\//.test(name))
    .map((name) => path.posix.join(folder, name)),
);

/** The text of a source file in which a comment is one line, so that a citation can be matched whole. */
function joinedText(file: string): string {
  return readFileSync(path.join(PROJECT, file), 'utf8').replace(
    /\s*\n\s*(?:\*|\/\/|#|--)? ?/g,
    ' ',
  );
}

const headingsOf = (document: string) =>
  [...textOf(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);

it('cites headings that the documents have', () => {
  const cited = SOURCES.flatMap((file) =>
    [...joinedText(file).matchAll(/(docs\/[\w./-]+\.md), "([^"]+)"/g)].map(
      ([, document = '', heading = '']) => ({ file, document, heading }),
    ),
  );
  expect(cited.length).toBeGreaterThan(20);
  const broken = cited.filter(({ document, heading }) => !headingsOf(document).includes(heading));
  expect(broken).toEqual([]);
});

it('cites no document outside the repository', () => {
  const outside = /\((?:the )?(?:HTTP API|(?:endpoint |pharmacy )?contract)(?:, |\))|\.\.\/shared/;
  expect(SOURCES.filter((file) => outside.test(joinedText(file)))).toEqual([]);
});
