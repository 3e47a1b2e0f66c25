import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const version = read('.nvmrc').trim();

it('names an exact version of Node 24 for development', () => {
  expect(version).toMatch(/^24\.\d+\.\d+$/);
});

it('builds the image on the version of Node that developers use', () => {
  const images = [...read('Dockerfile').matchAll(/^FROM node:(\S+)/gm)].map(([, tag]) => tag);
  expect(images).toEqual([`${version}-bookworm-slim`]);
  expect(read('Dockerfile')).toContain(`library/node:${version}-bookworm-slim"`);
});

it('still accepts Node 20.19', () => {
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  expect(engines.node).toBe('>=20.19.0');
});
