import { parseArgs } from 'node:util';

/** Reads the numbers that a benchmark takes as options, such as `--orders 100`; others are ignored. */
export function numbers<Names extends Readonly<Record<string, number>>>(
  defaults: Names,
): Record<keyof Names, number> {
  const names = Object.keys(defaults);
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ options, strict: false });
  const read = names.map((name) => {
    const number = Number(values[name] ?? defaults[name]);
    if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} must be a number`);
    return [name, number];
  });
  return Object.fromEntries(read) as Record<keyof Names, number>;
}
