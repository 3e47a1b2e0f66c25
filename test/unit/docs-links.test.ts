import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { anchorsOf, documents, linksOf, textOf } from '../support/markdown.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const DOCUMENTS = documents();

const exists = (file: string) => existsSync(path.join(PROJECT, file));

/** What looks like the path of a file or folder of this project; `<…>`, `*` and `…` stand for any text. */
const PATH =
  /(?<![\w./@-])(?:src|sandbox|simulator|packages|test|examples|bench|scripts|tools|docs)\/[\w./*<>…-]*/g;

/** Files that a documented command makes. */
const MADE = new Set(['test/replay/histories/open-1.v2.json']);

/** A path is relative to the project, or to the folder of the document, as in a package's README. */
function isThere(name: string, file: string): boolean {
  return MADE.has(name) || exists(name) || exists(path.posix.join(path.posix.dirname(file), name));
}

function pathsIn(file: string): string[] {
  const found = [...textOf(file).matchAll(PATH)].map(([text]) => text.replace(/[.…]+$/, ''));
  // Up to the folder that a placeholder is in.
  return found.map((text) => text.replace(/[^/]*[<*>].*$/, ''));
}

describe.each(DOCUMENTS)('%s', (file) => {
  it('links to files and headings that exist', () => {
    const broken = linksOf(file).filter(
      (link) =>
        !exists(link.file) ||
        (link.anchor !== undefined &&
          link.file.endsWith('.md') &&
          !anchorsOf(link.file).has(link.anchor)),
    );
    expect(broken).toEqual([]);
  });

  // The changelog names what was there before, too.
  it.skipIf(file === 'CHANGELOG.md')('names files and folders that exist', () => {
    expect(pathsIn(file).filter((name) => !isThere(name, file))).toEqual([]);
  });

  it('names scripts that package.json has', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: object };
    const named = [
      ...textOf(file).matchAll(/npm run (?:--silent )?([a-z]+(?::[a-z0-9]+(?:-[a-z0-9]+)*)*)/g),
    ];
    expect(named.map(([, name = '']) => name).filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('the commands in CONTRIBUTING.md', () => {
  const commands = [...textOf('CONTRIBUTING.md').matchAll(/`npm test -- ([^`]+)`/g)];

  it.each(commands.map(([, args = '']) => args))('npm test -- %s matches a test', (args) => {
    const [, project, title] = /^--project (\S+) -t "([^"]+)"$/.exec(args) ?? [];
    if (project === undefined || title === undefined) return expect(exists(args)).toBe(true);
    const folder = `test/${project}`;
    const tests = readdirSync(path.join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => textOf(path.join(folder, name)));
    expect(tests.some((text) => text.includes(title))).toBe(true);
  });
});

describe('from README.md, two clicks are enough for', () => {
  const first = linksOf('README.md');
  const pages = new Set(first.map(({ file }) => file).filter((file) => file.endsWith('.md')));
  const reached = [...first, ...[...pages].filter(exists).flatMap(linksOf)];

  it.each([
    ['the status machine', 'src/orders/status.ts', undefined],
    ['the retry policy of pharmacy calls', 'src/activities/pharmacy-retry-policy.ts', undefined],
    ['the rejection of a bad signature', 'src/http/routes/pharmacy-webhook.ts', undefined],
    ['where a 409 is built', 'src/http/errors/error-responses.ts', undefined],
    ['where patient data is encrypted', 'src/keys/subject-key.ts', undefined],
    ['where the outbox is polled', 'src/engine/dispatcher.ts', undefined],
    ['how to add a field', 'CONTRIBUTING.md', 'add-a-field-to-the-order'],
    ['the delivery schedule', 'src/lib/delivery-schedule.ts', undefined],
  ])('%s', (_, file, anchor) => {
    expect(reached).toContainEqual({ file, anchor });
  });
});
