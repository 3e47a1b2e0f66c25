import { documents, textOf } from './markdown.ts';

/** A command of `rx` or `temporal` in a code block of the documentation. */
export interface ShownCommand {
  readonly file: string;
  /** On one line, without the prompt. */
  readonly command: string;
  /** The lines that the documentation shows under it; undefined where it shows none. */
  readonly output: readonly string[] | undefined;
}

const TOOL = /^(npx |npm run )?(rx|temporal|tcld) /;

/** Returns every command of `rx`, `temporal` and `tcld` in a code block, in the order of each document. */
export function shownCommands(files = documents()): ShownCommand[] {
  return files
    .filter((file) => file !== 'CHANGELOG.md')
    .flatMap((file) => commandsIn(file, textOf(file)))
    .filter(({ command }) => TOOL.test(command));
}

/** Returns all commands in the code blocks of a Markdown text. */
export function commandsIn(file: string, text: string): ShownCommand[] {
  const blocks = [...text.matchAll(/^( *)```\w*\n([\s\S]*?)^ *```$/gm)];
  return blocks.flatMap(([, indent = '', block = '']) => {
    const lines = block.replaceAll(/\\\n\s*/g, '').split('\n');
    const clear = lines.map((line) => line.replace(indent, ''));
    return clear.some((line) => line.startsWith('$ '))
      ? session(file, clear)
      : clear.map((line) => ({ file, command: withoutComment(line), output: undefined }));
  });
}

function session(file: string, lines: readonly string[]): ShownCommand[] {
  const commands: { file: string; command: string; output: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith('$ ')) commands.push({ file, command: line.slice(2), output: [] });
    else if (line !== '') commands.at(-1)?.output.push(line);
  }
  return commands.map((each) => (each.output.length === 0 ? { ...each, output: undefined } : each));
}

function withoutComment(line: string): string {
  return line.replace(/\s+#\s.*$/, '');
}

/** What differs from run to run, with the word that stands for it. The first that matches counts. */
const VARIES: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'ID'],
  [/\b\d{4}-\d\d-\d\dT[\d:.]+Z?/g, 'TIME'],
  [/\b(\d+ (second|minute|hour)s? ago|now)\b/g, 'AGO'],
  [/\b\d+[smhd]\b/g, 'AGE'],
  // How far an order is after a retry depends on how soon the command reads it.
  [/\b(FETCHING_DOCUMENTS|NEEDS_ATTENTION): resumed\b/g, 'STATUS: resumed'],
  [/\b\d+(\.\d+)?\b/g, 'N'],
];

/** The shape of a line: its words, without ids, times, numbers and the width of columns. */
export function shapeOf(line: string): string {
  return VARIES.reduce((text, [varies, word]) => text.replace(varies, word), line)
    .replace(/\s+/g, ' ')
    .trim();
}

/** Whether an output has the shape that the documentation shows; a line `…` there stands for any lines. */
export function hasShape(output: string, shown: readonly string[]): boolean {
  const lines = output.split('\n').map(shapeOf);
  const actual = lines.filter((line) => line !== '');
  const matches = (at: number, expected: number): boolean => {
    const next = shown[expected];
    if (next === undefined) return at === actual.length;
    if (next.trim() === '…') {
      return matches(at, expected + 1) || (at < actual.length && matches(at + 1, expected));
    }
    return at < actual.length && actual[at] === shapeOf(next) && matches(at + 1, expected + 1);
  };
  return matches(0, 0);
}
