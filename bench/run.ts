import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

// `npm run bench`: runs the benchmarks one after the other. The last line has all results.

const BENCHMARKS = [
  'accept',
  'lease',
  'growth',
  'encryption',
  'whole-order',
  'fairness',
  'isolation',
  'name-servers',
  'backpressure',
];

const figures: Record<string, number> = {};
for (const name of BENCHMARKS) {
  const program = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program], {
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
console.log(JSON.stringify(figures));
