import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { createDocumentLinks, type DocumentLink } from '../../../src/documents/document-links.ts';

const [OLD, NEW] = ['the old key of the links', 'the new key of the links'];
const linksOf = (...secrets: [string, ...string[]]) =>
  createDocumentLinks({ publicUrl: 'https://rx.example.com/', secrets });
const id = randomUUID();
const endpoint = randomUUID();

const parametersOf = (link: string) =>
  Object.fromEntries(new URL(link).searchParams) as unknown as DocumentLink;

it('a new key in front keeps earlier links valid, until the old key is removed', () => {
  const link = parametersOf(linksOf(OLD).create(id));

  expect(linksOf(NEW, OLD).isValid(id, link)).toBe(true);
  expect(linksOf(NEW).isValid(id, link)).toBe(false);
  expect(linksOf(NEW).isValid(id, parametersOf(linksOf(NEW, OLD).create(id)))).toBe(true);
});

it('a link names the endpoint that it was made for, and no other endpoint can be put in its place', () => {
  const link = parametersOf(linksOf(NEW).create(id, endpoint));

  expect(link.endpoint).toBe(endpoint);
  expect(linksOf(NEW).isValid(id, link)).toBe(true);
  const { endpoint: _, ...without } = link;
  for (const forged of [without, { ...link, endpoint: randomUUID() }, { ...link, endpoint: '' }]) {
    expect(linksOf(NEW).isValid(id, forged)).toBe(false);
  }
  const plain = parametersOf(linksOf(NEW).create(id));
  expect(linksOf(NEW).isValid(id, { ...plain, endpoint })).toBe(false);
});
