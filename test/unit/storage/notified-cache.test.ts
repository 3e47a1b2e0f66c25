import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../../src/storage/database.ts';
import { createNotifiedCache, type NotifiedCache } from '../../../src/storage/notified-cache.ts';

interface Key {
  readonly keyId: string;
  readonly expiresInMs: number | null;
}

const KEY: Key = { keyId: 'a-key', expiresInMs: null };

let time: number;
let notify: () => void;
let cache: NotifiedCache<Key>;
beforeEach(() => {
  time = 0;
  const listen = async (_channel: string, onChange: () => void) => {
    notify = onChange;
  };
  cache = createNotifiedCache<Key>({ listen } as unknown as Database, 'keys', {
    keptMs: ({ expiresInMs }) => expiresInMs ?? Infinity,
    now: () => time,
  });
});

it('keeps a key for one second, even if the notification of its revocation is lost', async () => {
  await cache.load('hash', async () => KEY);
  time = 999;
  expect(cache.find('hash')).toEqual(KEY);
  time = 1_000;
  expect(cache.find('hash')).toBeUndefined();
});

it('counts the second from the start of the read', async () => {
  await cache.load('hash', async () => {
    time = 600;
    return KEY;
  });
  time = 1_000;
  expect(cache.find('hash')).toBeUndefined();
});

it('forgets all keys when it is notified of a change', async () => {
  await cache.load('hash', async () => KEY);
  notify();
  expect(cache.find('hash')).toBeUndefined();
});

it('does not keep a key that may have been revoked while it was read', async () => {
  const read = await cache.load('hash', async () => {
    notify();
    return KEY;
  });
  expect(read).toEqual(KEY);
  expect(cache.find('hash')).toBeUndefined();
});

it('does not keep a key beyond its expiry', async () => {
  await cache.load('hash', async () => ({ ...KEY, expiresInMs: 100 }));
  time = 99;
  expect(cache.find('hash')).toBeDefined();
  time = 100;
  expect(cache.find('hash')).toBeUndefined();
});

it('does not keep that a key is unknown', async () => {
  expect(await cache.load('hash', async () => undefined)).toBeUndefined();
  expect(await cache.load('hash', async () => KEY)).toEqual(KEY);
});
