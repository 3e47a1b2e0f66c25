import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

const TYPES = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };

/** The files that pages load, by name. The documentation page has the same icon. */
const FOLDERS = { 'console.css': 'assets', 'live.js': 'assets', 'icon.svg': '../docs/assets' };
type Name = keyof typeof FOLDERS;

const FILES = (Object.keys(FOLDERS) as Name[]).map((name) => {
  const bytes = readFileSync(new URL(`${FOLDERS[name]}/${name}`, import.meta.url));
  const version = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const type = TYPES[name.split('.')[1] as keyof typeof TYPES];
  return { name, bytes, type, url: `/assets/${version}/${name}` };
});

/** Returns the URL of a file. It changes with the content, so that browsers keep the file for ever. */
export function assetUrl(name: Name): string {
  return FILES.find((file) => file.name === name)?.url ?? '';
}

/** Serves the files. */
export function addAssets(app: FastifyInstance): void {
  for (const { url, type, bytes } of FILES) {
    app.get(url, async (_request, reply) =>
      reply
        .header('cache-control', 'public, max-age=31536000, immutable')
        .type(`${type}; charset=utf-8`)
        .send(bytes),
    );
  }
}
