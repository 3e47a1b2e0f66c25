import http from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Lookup } from '../../../../src/egress/destination.ts';
import { answering, resolvesTo, sender } from './harness.ts';

describe('kept connections', () => {
  it('are used again for the same address only', async () => {
    const endpoint = await answering((_, response) => response.end());
    const answers = ['127.0.0.1', '127.0.0.1', '127.0.0.2'];
    const lookup: Lookup = async () => [{ address: answers.shift() ?? '', family: 4 }];
    const connects = vi.spyOn(http.Agent.prototype, 'createConnection');
    const one = sender({ lookup });
    const url = `http://localhost:${endpoint.port}/`;
    expect(await one.post(url, {}, '')).toMatchObject({ status: 200 });
    expect(await one.post(url, {}, '')).toMatchObject({ status: 200 });
    expect(endpoint.sockets).toHaveLength(1);
    expect(await one.post(url, {}, '')).toMatchObject({ failure: 'connect' });
    expect(endpoint.sockets).toHaveLength(1);
    const hosts = connects.mock.calls.map(([options]) => (options as { host: string }).host);
    expect(hosts).toEqual(['127.0.0.1', '127.0.0.2']);
  });

  it('that the endpoint has closed are replaced', async () => {
    const used = new WeakSet<Socket>();
    const endpoint = await answering(({ socket }, response) => {
      if (used.has(socket)) {
        socket.destroy();
        return;
      }
      used.add(socket);
      response.end();
    });
    const one = sender();
    for (let count = 0; count < 3; count += 1) {
      expect(await one.post(endpoint.url, {}, '')).toMatchObject({ status: 200 });
    }
    expect(endpoint.sockets).toHaveLength(3);
  });

  it('are bounded in number; what waits does so within its time', async () => {
    let atOnce = 0;
    let most = 0;
    const endpoint = await answering((_, response) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      setTimeout(() => {
        atOnce -= 1;
        response.end();
      }, 50);
    });
    const one = sender({ maxConnections: 2 });
    const post = () => one.post(endpoint.url, {}, '');
    const results = await Promise.all([post(), post(), post(), post(), post(), post()]);
    expect(results.map((result) => ('status' in result ? result.status : result))).toEqual(
      Array(6).fill(200),
    );
    expect(most).toBe(2);

    const silent = await answering(() => undefined);
    const impatient = sender({ maxConnections: 1, timeoutMs: 150 });
    const waiting = [impatient.post(silent.url, {}, ''), impatient.post(silent.url, {}, '')];
    expect(await Promise.all(waiting)).toMatchObject(Array(2).fill({ failure: 'timeout' }));
  });

  it('of a host that is slow leave room for the others', async () => {
    const slow = await answering(() => undefined);
    const quick = await answering((_, response) => response.end());
    const one = sender({ timeoutMs: 2_000, maxConnections: 9 });
    const stuck = Array.from({ length: 20 }, () => one.post(slow.url, {}, ''));
    const answers = Array.from({ length: 20 }, () => one.post(quick.url, {}, ''));
    expect(await Promise.all(answers)).toMatchObject(Array(20).fill({ status: 200 }));
    expect(slow.sockets).toHaveLength(8);
    expect(await Promise.all(stuck)).toMatchObject(Array(20).fill({ failure: 'timeout' }));
    expect(await one.post(quick.url, {}, '')).toMatchObject({ status: 200 });
  });

  it('that idle for one host do not hold up another', async () => {
    const hosts = await Promise.all(
      Array.from({ length: 4 }, () => answering((_, response) => response.end())),
    );
    const one = sender({ timeoutMs: 3_000, maxConnections: 2 });
    for (const { url } of [...hosts, ...hosts]) {
      expect(await one.post(url, {}, '')).toMatchObject({ status: 200 });
    }
    await expect
      .poll(() => hosts.flatMap(({ sockets }) => sockets).filter((each) => !each.destroyed))
      .toHaveLength(2);
  });
});

it('keeps few lookups of one organization waiting, whose name servers do not answer', async () => {
  const asked: string[] = [];
  const hanging = new AbortController();
  const lookup: Lookup = (name, { signal } = { all: true }) => {
    asked.push(name);
    if (name === 'healthy.localhost') return resolvesTo('127.0.0.1')(name, { all: true });
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  };
  const endpoint = await answering((_, response) => response.end());
  const { port } = endpoint;
  const pool = sender({ lookup });
  const post = (name: string, organization: string) =>
    pool.post(`http://${name}.localhost:${port}/`, {}, '{}', hanging.signal, organization);
  const dead = Array.from({ length: 20 }, (_, index) =>
    post(`dead-${index}`, 'a').catch(() => 'aborted'),
  );
  expect(await post('healthy', 'b')).toMatchObject({ status: 200 });
  expect(asked.filter((name) => name.startsWith('dead'))).toHaveLength(4);
  hanging.abort();
  expect(new Set(await Promise.all(dead))).toEqual(new Set(['aborted']));
});
