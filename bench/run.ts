import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { saveResults } from './support/save-results.ts';

/*
 *   npm run bench [-- PART … [--save] [--orders N] [--rounds N]]
 *
 * Runs benchmarks one after the other: those that are named, or all but `peers`, whose packages are its own, and `lists`,
 * which fills a database with a million orders. Options are passed on to the parts that are named. The last line has all results as JSON. `--save` also puts them into
 * docs/performance.json and draws docs/performance.svg.
 */

const PARTS = [
  'accept',
  'whole',
  'growth',
  'scale',
  'footprint',
  'sizes',
  'pruning',
  'store',
  'lease',
  'encryption',
  'whole-encryption',
  'fairness',
  'isolation',
  'name-servers',
  'backpressure',
];
const ONLY_BY_NAME = ['lists', 'peers'];

const isSaved = process.argv.includes('--save');
const args = process.argv.slice(2).filter((arg) => arg !== '--save');
const firstOption = args.findIndex((arg) => arg.startsWith('--'));
const named = firstOption < 0 ? args : args.slice(0, firstOption);
const options = firstOption < 0 ? [] : args.slice(firstOption);
const unknown = named.filter((name) => ![...PARTS, ...ONLY_BY_NAME].includes(name));
if (unknown.length > 0 || (named.length === 0 && options.length > 0)) {
  console.error(`usage: npm run bench [-- PART … [--save] [--orders N] [--rounds N]]
parts: ${[...PARTS, ...ONLY_BY_NAME].join(', ')}`);
  process.exit(2);
}

const figures: Record<string, unknown> = {};
for (const name of named.length > 0 ? named : PARTS) {
  const program = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) {
    console.error(`the benchmark ${name} failed: ${code ?? signal}`);
    process.exit(1);
  }
  Object.assign(figures, JSON.parse(output.trimEnd().split('\n').at(-1) ?? '{}'));
}
if (isSaved) saveResults(figures);
console.log(JSON.stringify(figures));
