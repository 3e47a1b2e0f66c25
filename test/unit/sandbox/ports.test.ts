import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts, PORT_NAMES, portsFrom, requireFree } from '../../../sandbox/ports.ts';

test('uses the default ports when the environment names none', () => {
  expect(portsFrom({ PORT: '' })).toEqual({
    PORT: 3000,
    SIMULATOR_PORT: 4010,
    TEMPORAL_PORT: 7233,
    TEMPORAL_UI_PORT: 8233,
    CODEC_PORT: 8234,
    CONSOLE_PORT: 8235,
    WORKER_METRICS_PORT: 9464,
    POSTGRES_PORT: 54_329,
  });
});

test.each(['0', '70000', '80a', '1.5'])('rejects the port %s, and names the variable', (port) => {
  expect(() => portsFrom({ SIMULATOR_PORT: port })).toThrow(/SIMULATOR_PORT must be a port/);
});

test('picks a different free port for each name', async () => {
  const ports = await freePorts();
  expect(new Set(Object.values(ports)).size).toBe(PORT_NAMES.length);
  await expect(requireFree(ports, PORT_NAMES)).resolves.toBeUndefined();
});

test('names the variable whose port is taken', async () => {
  const ports = await freePorts();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(ports.PORT, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  await expect(requireFree(ports, PORT_NAMES)).rejects.toThrow(
    `PORT ${ports.PORT} is taken; set PORT to a free port`,
  );
});

test('names two variables with the same port', async () => {
  const ports = await freePorts();
  const same = { ...ports, TEMPORAL_UI_PORT: ports.TEMPORAL_PORT };
  await expect(requireFree(same, PORT_NAMES)).rejects.toThrow(
    /TEMPORAL_PORT and TEMPORAL_UI_PORT are both/,
  );
});
