import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { PROJECT } from '../../sandbox/folders.ts';
import type { Shell } from '../deployment/shell.ts';
import type { Engine } from './engine.ts';
import { standIns } from './stand-ins.ts';

const PULL_LIMIT_MS = 10 * 60_000;

/** Of a compose file. */
const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({ image: z.string().optional(), profiles: z.array(z.string()).default([]) }),
  ),
});

/**
 * The images that the Dockerfile and the services start from, without those of the profile `observability`, which the
 * test does not start, and without our own.
 */
export function baseImages(): string[] {
  const read = (name: string) => readFileSync(path.join(PROJECT, name), 'utf8');
  const images = ['docker-compose.yml', 'deploy/compose/proxy.yml'].flatMap((name) => {
    const { services } = composeSchema.parse(parse(read(name), { merge: true, logLevel: 'error' }));
    const started = Object.values(services).filter(
      ({ profiles }) => !profiles.includes('observability'),
    );
    return started.flatMap(({ image }) => image ?? []);
  });
  const built = [...read('Dockerfile').matchAll(/^FROM ([\w./-]+:[\w.-]+)/gm)];
  return [...new Set([...built.map(([, name]) => String(name)), ...images])].filter(
    (name) => !name.includes('$'),
  );
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
