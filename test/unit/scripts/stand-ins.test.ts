import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT } from '../../../sandbox/folders.ts';
import { baseImages } from '../../docker/images.ts';

it('has a stand-in for each image of the services that npm run test:docker starts', () => {
  const images = baseImages();
  expect(images.length).toBeGreaterThan(4);
  const lacking = images.filter((image) => {
    const name = path.basename(image.split(':')[0] ?? '');
    return !existsSync(path.join(PROJECT, 'test/docker/stand-ins', `${name}.Dockerfile`));
  });
  expect(lacking).toEqual([]);
});
