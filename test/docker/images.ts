import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT } from '../../sandbox/folders.ts';
import type { Shell } from '../deployment/shell.ts';
import type { Engine } from './engine.ts';
import { standIns } from './stand-ins.ts';

const PULL_LIMIT_MS = 10 * 60_000;

/** The images that the Dockerfile and the compose files start from. */
function baseImages(): string[] {
  const text = ['Dockerfile', 'docker-compose.yml', 'deploy/compose/proxy.yml']
    .map((name) => readFileSync(path.join(PROJECT, name), 'utf8'))
    .join('\n');
  const names = [...text.matchAll(/^(?:FROM| +image:) ([\w./-]+:[\w.-]+)/gm)].map(
    ([, name]) => name,
  );
  return [...new Set(names.map(String))].filter((name) => !isOptional(name));
}

/** The images of the profile `observability`, which this test does not start. */
function isOptional(name: string): boolean {
  return /^(prom|grafana|otel)\//.test(name);
}

/**
 * Gets the images: those that the engine has, else by a pull, else stand-ins that are built from packages.
 *
 * @returns how each image was got.
 */
export async function obtainImages(
  shell: Shell,
  { env }: Engine,
  folder: string,
  say: (line: string) => void,
): Promise<Record<string, 'present' | 'pulled' | 'stand-in'>> {
  const got: Record<string, 'present' | 'pulled' | 'stand-in'> = {};
  const make = standIns(shell, env, folder, say);
  let pulls = true;
  for (const name of baseImages()) {
    const there = await shell('docker', ['image', 'inspect', name], { env, mayFail: true });
    if (there.code === 0) {
      got[name] = 'present';
      continue;
    }
    if (pulls) {
      const options = { env, mayFail: true, limitMs: PULL_LIMIT_MS };
      const pulled = await shell('docker', ['pull', '--quiet', name], options);
      if (pulled.code === 0) {
        got[name] = 'pulled';
        continue;
      }
      say('no image can be pulled here: building stand-ins from packages');
      pulls = false;
    }
    say(`building a stand-in for ${name}`);
    await make(name);
    got[name] = 'stand-in';
  }
  return got;
}
