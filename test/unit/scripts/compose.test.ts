import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfiguration } from '../../../simulator/configuration.ts';
import { parseCodecServerConfig } from '../../../src/process/codec-server-config.ts';
import { parseConfig } from '../../../src/process/config.ts';

interface Service {
  readonly image: string;
  readonly command?: string[];
  readonly environment?: Record<string, string>;
  readonly ports?: string[];
  readonly restart?: string;
  readonly healthcheck?: { readonly test?: string[]; readonly disable?: boolean };
}

const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const composeText = read('docker-compose.yml');
const compose = parse(composeText, { merge: true }) as { services: Record<string, Service> };
const services = Object.entries(compose.services);
const example = parseEnv(read('.env.example'));
const configVariables = [
  ...read('src/process/config-schema.ts').matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm),
].map(([, name]) => String(name));

const SECRETS = [
  'HASH_SECRET',
  'ENCRYPTION_KEYS',
  'CODEC_SERVER_TOKEN',
  'POSTGRES_PASSWORD',
  'DATABASE_PASSWORD',
  'SERVER_DATABASE_PASSWORD',
  'WORKER_DATABASE_PASSWORD',
  'OPERATOR_DATABASE_PASSWORD',
  'TEMPORAL_DATABASE_PASSWORD',
];
const filled = {
  ...example,
  ...Object.fromEntries(SECRETS.map((name) => [name, 'random-0123456789'.repeat(3)])),
  ENCRYPTION_KEYS: `2026-11:${'A'.repeat(43)}=`,
};

/** Replaces `${NAME:-default}` and `${NAME:?message}` as compose does. */
function interpolate(text: string, env: Record<string, string | undefined>): string {
  return text.replaceAll(/\$\{(\w+):([-?])([^}]*)\}/g, (_, name: string, kind, rest: string) => {
    const value = env[name];
    if (value) return value;
    if (kind === '?') throw new Error(rest);
    return rest;
  });
}

function environmentOf(service: string, env: Record<string, string | undefined>) {
  const own = compose.services[service]?.environment ?? {};
  return Object.fromEntries(
    Object.entries(own).map(([name, value]) => [name, interpolate(value, env)]),
  );
}

const parseConfigOf = (env: Record<string, string>) => parseConfig(env).http;

describe('.env.example', () => {
  it('names every variable of the configuration', () => {
    expect(configVariables.length).toBeGreaterThan(15);
    expect(Object.keys(example)).toEqual(expect.arrayContaining(configVariables));
  });

  it('names no variable that neither the configuration nor compose reads', () => {
    const inCompose = [...composeText.matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
    const known = new Set([...configVariables, ...inCompose]);
    expect(Object.keys(example).filter((name) => !known.has(name))).toEqual([]);
  });

  it('names every variable that compose reads', () => {
    const inCompose = [...composeText.matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
    expect(Object.keys(example)).toEqual(expect.arrayContaining(inCompose));
  });

  it('is a valid configuration once its secrets are set, and shows the defaults', () => {
    const { DATABASE_URL, DOCUMENTS_DIR, HASH_SECRET, ENCRYPTION_KEYS } = filled as Record<
      string,
      string
    >;
    const needed = { DATABASE_URL, DOCUMENTS_DIR, HASH_SECRET, ENCRYPTION_KEYS };
    expect(parseConfig(filled)).toEqual(parseConfig(needed));
  });

  it('holds no secret', () => {
    expect(SECRETS.map((name) => example[name])).toEqual(SECRETS.map(() => ''));
    expect(() => parseConfig(example)).toThrow('HASH_SECRET is required');
  });
});

describe('docker-compose.yml', () => {
  it.each([
    ['migrate', 'rx_orders'],
    ['server', 'rx_orders_server'],
    ['worker', 'rx_orders_worker'],
  ])('gives %s a complete configuration and its own database role', (service, role) => {
    const environment = environmentOf(service, filled);
    const { username, host } = new URL(parseConfig(environment).database.url);
    expect([username, host]).toEqual([role, 'postgres:5432']);
    const known = new Set(configVariables);
    expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([]);
  });

  it('lets the Temporal UI send the session of the codec server, and link to its login', () => {
    const ui = environmentOf('temporal-ui', { ...filled, CODEC_PORT: '9999' });
    expect(ui).toMatchObject({
      TEMPORAL_CODEC_ENDPOINT: 'http://127.0.0.1:9999',
      TEMPORAL_CODEC_INCLUDE_CREDENTIALS: 'true',
      TEMPORAL_CODEC_DEFAULT_ERROR_LINK: 'http://127.0.0.1:9999/login',
    });
    // The UI server inserts the message into YAML without quotes.
    expect(parse(`message: ${ui['TEMPORAL_CODEC_DEFAULT_ERROR_MESSAGE']}`)).toEqual({
      message: 'Log in at the codec server to read payloads, then reload this page',
    });
  });

  it('gives the codec server a complete configuration', () => {
    const { port, uiUrl } = parseCodecServerConfig(environmentOf('codec', filled));
    expect([port, uiUrl]).toEqual([8234, 'http://127.0.0.1:8233']);
  });

  it.each([
    ['server', '', parseConfigOf],
    ['codec', 'CODEC_', parseCodecServerConfig],
  ] as const)('gives %s a certificate and trusted proxies, if they are set', (name, prefix, of) => {
    const files = { [`${prefix}TLS_CERT_FILE`]: '/c.pem', [`${prefix}TLS_KEY_FILE`]: '/k.pem' };
    const env = environmentOf(name, { ...filled, ...files, TRUSTED_PROXIES: '10.0.0.1' });
    expect(of(env)).toMatchObject({
      tls: { prefix, certFile: '/c.pem', keyFile: '/k.pem' },
      trustedProxies: ['10.0.0.1'],
    });
  });

  it('gives the simulator a complete configuration', () => {
    expect(parseConfiguration(environmentOf('simulator', filled))).toMatchObject({
      port: 4010,
      webhookUrl: 'http://server:3000/webhooks/pharmacies',
    });
  });

  it.each(SECRETS)('refuses to start without %s', (name) => {
    expect(() => interpolate(composeText, { ...filled, [name]: '' })).toThrow(
      `set ${name} in .env`,
    );
  });

  it.each(services)('checks the health of %s and restarts it', (name, service) => {
    if (name === 'migrate') {
      expect(service.restart).toBe('on-failure:5');
      expect(service.healthcheck?.disable).toBe(true);
    } else {
      expect(service.restart).toBe('unless-stopped');
      expect(service.healthcheck?.test?.[0]).toBe('CMD');
    }
  });

  it.each(services)('publishes %s on loopback only, from an image with a fixed version', (_, s) => {
    expect(s.image).toMatch(/^(rx-orders(-simulator)?:latest|[a-z/-]+:\d+\.\d+[\w.-]*)$/);
    expect((s.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });
});
