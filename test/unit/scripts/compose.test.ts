import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfiguration } from '../../../simulator/configuration.ts';
import { parseCodecServerConfig } from '../../../src/process/codec-server-config.ts';
import { parseConfig } from '../../../src/process/config.ts';
import { SECRET_VARIABLES } from '../../../src/process/secret-files.ts';

interface Service {
  readonly image: string;
  readonly command?: string[];
  readonly environment?: Record<string, string>;
  readonly ports?: string[];
  readonly restart?: string;
  readonly networks?: string[];
  readonly secrets?: string[];
  readonly read_only?: boolean;
  readonly cap_drop?: string[];
  readonly cap_add?: string[];
  readonly security_opt?: string[];
  readonly mem_limit?: string;
  readonly pids_limit?: number;
  readonly logging?: { readonly driver: string; readonly options: Record<string, string> };
  readonly healthcheck?: { readonly test?: string[]; readonly disable?: boolean };
}

const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const composeText = read('docker-compose.yml');
const otherTexts = ['external-temporal', 'external-postgres', 'proxy'].map((name) =>
  read(`deploy/compose/${name}.yml`),
);
const compose = parse(composeText, { merge: true }) as {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  configs: Record<string, { file: string }>;
  networks: Record<string, { internal?: boolean }>;
};
const services = Object.entries(compose.services);
/** They end, and others wait for that. */
const JOBS = ['migrate', 'temporal-schema', 'temporal-namespace'];
/** Images of others without a shell or a program that could check them. */
const UNCHECKED = ['otel-collector', 'jaeger'];
const example = parseEnv(read('.env.example'));
const configVariables = [
  ...read('src/process/config-schema.ts').matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm),
].map(([, name]) => String(name));
/** Variables that the programs read besides those of their configuration. */
const OTHERS = ['RX_OPERATOR', ...SECRET_VARIABLES.map((name) => `${name}_FILE`)];

const ENCRYPTION_KEYS = `2026-11:${'A'.repeat(43)}=`;
const HASH_SECRET = 'random-0123456789'.repeat(3);
const DATABASE_URL = 'postgres://rx_orders_server:secret@postgres:5432/rx_orders';
const filled = { ...example, HASH_SECRET, ENCRYPTION_KEYS, DATABASE_URL };

/** Replaces `${NAME:-default}` and `${NAME:?message}` as compose does; a default may be another variable. */
function interpolate(text: string, env: Record<string, string | undefined>): string {
  const inner = /\$\{(\w+):([-?])([^${}]*)\}/g;
  let before: string;
  let after = text;
  do {
    before = after;
    after = before.replaceAll(inner, (_, name: string, kind, rest: string) => {
      const value = env[name];
      if (value) return value;
      if (kind === '?') throw new Error(rest);
      return rest;
    });
  } while (after !== before);
  return after;
}

/** The environment of a service as its program sees it: the values of secrets in place of their files. */
function programOf(service: string, env: Record<string, string | undefined>) {
  const secrets: Record<string, string> = {
    hash_secret: HASH_SECRET,
    encryption_keys: ENCRYPTION_KEYS,
    codec_server_token: HASH_SECRET,
  };
  const given = new Set(compose.services[service]?.secrets);
  const program = environmentOf(service, env);
  for (const [name, file] of Object.entries(program)) {
    const secret = /^\/run\/secrets\/(\w+)$/.exec(file)?.[1];
    if (secret === undefined) continue;
    expect(given).toContain(secret);
    program[name.replace(/_FILE$/, '')] = secrets[secret] ?? DATABASE_URL;
  }
  return program;
}

function environmentOf(service: string, env: Record<string, string | undefined>) {
  const own = compose.services[service]?.environment ?? {};
  return Object.fromEntries(
    Object.entries(own).map(([name, value]) => [name, interpolate(value, env)]),
  );
}

const parseConfigOf = (env: Record<string, string>) => parseConfig(env).http;

describe('.env.example', () => {
  const inCompose = [composeText, ...otherTexts].flatMap((text) =>
    [...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => String(name)),
  );
  /** Variables of the shell, and of the other files, which their own comments explain. */
  const NOT_OURS = ['USER', 'TEMPORAL_DATABASE_HOST'];

  it('names every variable of the configuration', () => {
    expect(configVariables.length).toBeGreaterThan(15);
    expect(Object.keys(example)).toEqual(expect.arrayContaining(configVariables));
  });

  it('names no variable that neither the configuration nor compose reads', () => {
    const known = new Set([...configVariables, ...inCompose, ...SECRET_VARIABLES]);
    expect(Object.keys(example).filter((name) => !known.has(name))).toEqual([]);
  });

  it('names every variable that compose reads', () => {
    const expected = inCompose.filter((name) => !NOT_OURS.includes(name));
    expect(Object.keys(example)).toEqual(expect.arrayContaining(expected));
  });

  it('is a valid configuration once its secrets are set, and shows the defaults', () => {
    const { DOCUMENTS_DIR = '' } = example;
    const needed = { DATABASE_URL, DOCUMENTS_DIR, HASH_SECRET, ENCRYPTION_KEYS };
    expect(parseConfig(filled)).toEqual(parseConfig(needed));
  });

  it('holds no secret', () => {
    const secrets = SECRET_VARIABLES.filter((name) => name in example);
    expect(secrets.map((name) => example[name])).toEqual(secrets.map(() => ''));
    expect(() => parseConfig(example)).toThrow('HASH_SECRET is required');
  });
});

describe('docker-compose.yml', () => {
  it.each(['migrate', 'server', 'worker', 'rx'])('gives %s a complete configuration', (service) => {
    const environment = programOf(service, filled);
    expect(parseConfig(environment).database.url).toBe(DATABASE_URL);
    const known = new Set([...configVariables, ...OTHERS]);
    const unknown = Object.keys(environment).filter((name) => !known.has(name));
    expect(unknown.filter((name) => !name.startsWith('TEMPORAL_TLS'))).toEqual([]);
  });

  it.each([
    ['migrate', 'owner'],
    ['server', 'server'],
    ['worker', 'worker'],
    ['rx', 'operator'],
  ])('gives %s its own role in Postgres, and no other', (service, role) => {
    const { secrets = [], environment } = compose.services[service] ?? {};
    expect(secrets.filter((name) => name.endsWith('_url'))).toEqual([`${role}_database_url`]);
    expect(environment).toMatchObject({ DATABASE_URL_FILE: `/run/secrets/${role}_database_url` });
  });

  it('connects to another Temporal with TLS, a client certificate and an API key', () => {
    const settings = {
      TEMPORAL_ADDRESS: 'cloud:7233',
      TEMPORAL_NAMESPACE: 'mine.account',
      TEMPORAL_API_KEY_FILE: '/run/rx-orders/api_key',
      TEMPORAL_TLS_CLIENT_CERT_PATH: '/run/rx-orders/client.pem',
    };
    for (const service of ['server', 'worker', 'rx']) {
      expect(environmentOf(service, { ...filled, ...settings })).toMatchObject(settings);
    }
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
    const { port, uiUrl } = parseCodecServerConfig(programOf('codec', filled));
    expect([port, uiUrl]).toEqual([8234, 'http://127.0.0.1:8233']);
  });

  it.each([
    ['server', '', parseConfigOf],
    ['codec', 'CODEC_', parseCodecServerConfig],
  ] as const)('gives %s a certificate and trusted proxies, if they are set', (name, prefix, of) => {
    const files = { [`${prefix}TLS_CERT_FILE`]: '/c.pem', [`${prefix}TLS_KEY_FILE`]: '/k.pem' };
    const env = programOf(name, { ...filled, ...files, TRUSTED_PROXIES: '10.0.0.1' });
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

  it('has no secret in an environment', () => {
    const texts = services.map(([, { environment = {} }]) => environment);
    const secret = (name: string) =>
      /SECRET|PASSWORD|TOKEN|KEYS$|API_KEY$|DATABASE_URL$/.test(name);
    const named = texts.flatMap((each) => Object.keys(each)).filter(secret);
    // The token of the simulator is not of production.
    expect(named.filter((name) => !name.endsWith('_FILE'))).toEqual(['SIMULATOR_CONTROL_TOKEN']);
  });

  it('reads the secrets that scripts/make-secrets.sh writes, from a folder that can be chosen', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'rx-made-'));
    try {
      const script = fileURLToPath(new URL('../../../scripts/make-secrets.sh', import.meta.url));
      const { status } = spawnSync('sh', [script, folder]);
      const made = readdirSync(folder).filter((name) => name !== 'app');
      expect([status, made]).toEqual([0, Object.keys(compose.secrets).toSorted()]);
      const contents = made.map((name) => readFileSync(path.join(folder, name), 'utf8'));
      spawnSync('sh', [script, folder]);
      expect(made.map((name) => readFileSync(path.join(folder, name), 'utf8'))).toEqual(contents);
    } finally {
      rmSync(folder, { recursive: true });
    }
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(interpolate(file, { SECRETS_DIR: '/s' })).toBe(`/s/${name}`);
    }
  });

  it('has connections for all pools', () => {
    const most = Number(example['POSTGRES_MAX_CONNECTIONS']);
    const pool = Number(example['DATABASE_POOL_SIZE']);
    const temporal =
      4 *
      (Number(example['TEMPORAL_MAX_CONNECTIONS']) +
        Number(example['TEMPORAL_VISIBILITY_MAX_CONNECTIONS']));
    // Two servers and two workers, each with three connections beside its pool, and commands of operators.
    expect(temporal + 4 * (pool + 3) + 16).toBe(128);
    expect(most).toBeGreaterThan(128 + 3);
    expect(interpolate(String(compose.services['postgres']?.command), {})).toContain(
      `max_connections=${most}`,
    );
  });

  it('keeps Postgres away from what does not need it', () => {
    const inDatabase = services.filter(([, { networks }]) => networks?.includes('database'));
    expect(inDatabase.map(([name]) => name).toSorted()).toEqual([
      ...['console', 'migrate', 'postgres', 'rx', 'server'],
      ...['temporal', 'temporal-schema', 'worker'],
    ]);
    expect(services.filter(([, { networks }]) => networks === undefined)).toEqual([]);
  });

  it('names files that exist', () => {
    for (const { file } of Object.values(compose.configs)) expect(read(file)).not.toBe('');
  });

  it.each(services)('checks the health of %s and restarts it', (name, service) => {
    if (JOBS.includes(name)) {
      expect(service.restart).toBe('on-failure:5');
      expect(service.healthcheck?.disable).toBe(true);
    } else if (name === 'rx') {
      expect(service.restart).toBe('no');
      expect(service.healthcheck?.disable).toBe(true);
    } else {
      expect(service.restart).toBe('unless-stopped');
      if (UNCHECKED.includes(name)) expect(service.healthcheck?.disable).toBe(true);
      else expect(service.healthcheck?.test?.[0]).toBe('CMD');
    }
  });

  it.each(services)('contains %s', (name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      pids_limit: 512,
      logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } },
    });
    expect(interpolate(service.mem_limit ?? '', {})).toMatch(/^\d+[mg]$/);
    // Its entrypoint changes the owner of an empty volume, and its own user.
    const added =
      name === 'postgres' ? ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'] : [];
    expect(service.cap_add ?? []).toEqual(added);
  });

  it.each(services)('publishes %s on loopback only, from an image with a fixed version', (_, s) => {
    expect(interpolate(s.image, {})).toMatch(
      /^(rx-orders(-simulator)?:latest|[a-z/-]+:v?\d+\.\d+[\w.-]*)$/,
    );
    expect((s.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });
});
