import http from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Lookup } from '../../../src/webhooks/destination.ts';
import { answering, sender } from './harness.ts';

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
});
