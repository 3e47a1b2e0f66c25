import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { takeLock } from '../../../sandbox/file-lock.mjs';
import { DEAD_PID, temporaryFolderOfTest } from './helpers.ts';

test('names the live process that holds the lock', () => {
  const file = path.join(temporaryFolderOfTest(), 'lock');
  expect(takeLock(file)).toHaveProperty('release');
  expect(takeLock(file)).toEqual({ heldBy: process.pid });
});

test('can be taken again after a release, and leaves no file', () => {
  const folder = temporaryFolderOfTest();
  const file = path.join(folder, 'lock');
  for (let i = 0; i < 2; i += 1) {
    const lock = takeLock(file);
    if ('heldBy' in lock) throw new Error('held');
    lock.release();
  }
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['a process that is dead', JSON.stringify({ pid: DEAD_PID, identity: 'x' })],
  ['an earlier process with the same pid', JSON.stringify({ pid: process.pid, identity: 'x' })],
  ['a process that crashed while writing it', '{"pid":'],
])('takes the lock from %s', (_holder, content) => {
  const folder = temporaryFolderOfTest();
  const file = path.join(folder, 'lock');
  writeFileSync(file, content);
  expect(takeLock(file)).toHaveProperty('release');
  expect(takeLock(file)).toEqual({ heldBy: process.pid });
  expect(readdirSync(folder)).toEqual(['lock']);
});

test('keeps the lock of the next holder when a lock is released twice', () => {
  const file = path.join(temporaryFolderOfTest(), 'lock');
  const first = takeLock(file);
  if ('heldBy' in first) throw new Error('held');
  first.release();
  writeFileSync(file, JSON.stringify({ pid: DEAD_PID, identity: 'of the next holder' }));
  first.release();
  expect(readdirSync(path.dirname(file))).toEqual(['lock']);
});
