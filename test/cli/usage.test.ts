import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { freePorts } from '../../sandbox/ports.ts';
import { operatorOf } from '../../src/cli/context.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { createRx, type Rx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ENCRYPTION_KEYS } from '../support/organization.ts';

let db: TestDatabase;
let rx: Rx;
let folder: string;

beforeAll(async () => {
  db = await createTestDatabase();
  rx = createRx(db.operatorUrl);
  folder = await mkdtemp(path.join(os.tmpdir(), 'rx-usage-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await db.drop();
});

/** Writes the file that a running sandbox keeps in its data folder. */
async function writeConnection(databaseUrl: string): Promise<void> {
  const connection = {
    databaseUrl,
    temporalAddress: '127.0.0.1:7233',
    temporalNamespace: 'default',
    hashSecret: 'hash-secret-of-a-sandbox',
    encryptionKeys: ENCRYPTION_KEYS,
  };
  await writeFile(path.join(folder, 'connection.json'), JSON.stringify(connection));
}

it('does not load the Temporal client or the AWS SDK for a command that needs neither', async () => {
  const report = `data:text/javascript,${encodeURIComponent(`
    import { createRequire } from 'node:module';
    process.on('exit', () => {
      const loaded = Object.keys(createRequire('file:///').cache);
      console.log('loaded', loaded.filter((name) => /@temporalio.client|@aws-sdk/.test(name)).length);
      console.log('seen', loaded.some((name) => name.includes('commander')));
    });`)}`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    report,
    path.join(inject('compiled'), 'src/cli.js'),
    '--help',
  ]);
  expect(stdout).toContain('loaded 0\nseen true\n');
});

const COMMANDS = [
  ...['org create', 'org list', 'org update'],
  ...['key create', 'key list', 'key rotate', 'key revoke'],
  ...['case import', 'case get'],
  ...[
    'pharmacy add',
    'pharmacy list',
    'pharmacy show',
    'pharmacy test',
    'pharmacy enable',
    'pharmacy disable',
  ],
  ...['order list', 'order show'],
  ...['webhook create', 'webhook list', 'webhook show', 'webhook update', 'webhook delete'],
  ...['webhook rotate', 'webhook test', 'webhook enable', 'webhook disable'],
  ...['webhook log', 'webhook body', 'webhook replay'],
  'console login',
];

/** Prints the help of a command, in this process: a process for each command takes half a minute. */
async function helpOf(command: string): Promise<{ code: number; stdout: string }> {
  let stdout = '';
  const unused = (): never => {
    throw new Error('a help text needs neither settings nor a database');
  };
  const code = await runCommandLine(
    [...command.split(' '), '--help'],
    {
      stdin: Readable.from([]),
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: unused },
      operator: operatorOf('tester'),
      resolveFile: unused,
      variable: unused,
      connect: unused,
      owned: unused,
      stopping: new AbortController().signal,
    },
    { connect: '', migrate: '' },
  );
  return { code, stdout };
}

it('documents every command with an example, and the exit codes', async () => {
  const help = await rx(['--help']);
  expect(help.code).toBe(0);
  for (const code of [0, 1, 2, 3, 4, 5])
    expect(help.stdout).toMatch(new RegExp(`^  ${code}  \\w`, 'm'));
  expect(await rx(['org', 'create', '--help'])).toMatchObject(await helpOf('org create'));
  for (const command of COMMANDS) {
    const { code, stdout } = await helpOf(command);
    expect(code).toBe(0);
    expect(stdout).toContain('--json');
    expect(stdout).toMatch(new RegExp(`\\n {2}\\$ .*rx ${command}`));
  }
});

it('prints the version', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  expect(await rx(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
});

it('completes commands and options in bash', async () => {
  const script = path.join(folder, 'completion.bash');
  const { stdout: text } = await rx(['completion', 'bash']);
  await writeFile(script, text);
  const complete = async (...words: string[]) => {
    const { stdout } = await promisify(execFile)('bash', [
      '-c',
      'source "$0"; COMP_WORDS=(rx "$@"); COMP_CWORD=$#; _rx; echo "${COMPREPLY[@]}"',
      ...[script, ...words],
    ]);
    return stdout.trim();
  };
  expect(await complete('ord')).toBe('order');
  expect(await complete('order', 'li')).toBe('list');
  expect(await complete('order', 'list', '--de')).toBe('--delayed');
  expect(await complete('order', 'list', '--limit', '5', '--si')).toBe('--since');
  expect(await complete('order', 'show', 'an-id', '--j')).toBe('--json');
  expect(await complete('frob', '')).toBe('');
});

it('prints completions for zsh and fish, and names the shells that it knows', async () => {
  expect((await rx(['completion', 'zsh'])).stdout).toMatch(/^autoload -U \+X bashcompinit/);
  expect((await rx(['completion', 'fish'])).stdout).toContain(
    "complete -c rx -n '__fish_seen_subcommand_from order; and __fish_seen_subcommand_from list' -l delayed -d ",
  );
  expect(await rx(['completion', 'tcsh'])).toMatchObject({ code: 2, stdout: '' });
});

it.each([
  ['no command', []],
  ['half a command', ['order']],
  ['an unknown command', ['frob']],
  ['an unknown option', ['org', 'list', '--frob']],
  ['a missing argument', ['key', 'revoke']],
  ['one argument too many', ['org', 'list', 'x']],
  ['an unknown status', ['order', 'list', '--status', 'LOST']],
  ['a limit that is not a number', ['order', 'list', '--limit', 'all']],
])('exits with 2 for %s, and does nothing', async (_, args) => {
  const result = await rx(args);
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).not.toBe('');
});

it('names the database on stderr, without its password', async () => {
  const { host, pathname, password } = new URL(db.operatorUrl);
  const result = await rx(['org', 'list']);
  expect(result.stderr).toBe(`using the database ${host}${pathname}\n`);
  expect(result.stderr).not.toContain(password);
});

it('exits with 5 when the database is unavailable or its schema is outdated', async () => {
  const { POSTGRES_PORT } = await freePorts();
  const unavailable = await rx(['org', 'list'], {
    env: { DATABASE_URL: `postgres://rx:secret-word@127.0.0.1:${POSTGRES_PORT}/rx` },
  });
  expect(unavailable).toMatchObject({ code: 5, stdout: '' });
  expect(unavailable.stderr).toContain(
    'the database is unavailable: ECONNREFUSED; check DATABASE_URL',
  );
  expect(unavailable.stderr).not.toContain('secret-word');

  const wrong = new URL(db.operatorUrl);
  wrong.password = 'secret-word';
  const refused = await rx(['org', 'list'], { env: { DATABASE_URL: wrong.href } });
  expect(refused).toMatchObject({ code: 5, stdout: '' });
  expect(refused.stderr).toContain('the database rejected the connection: 28P01');

  const empty = new URL(db.operatorUrl);
  empty.pathname = '/postgres';
  const old = await rx(['org', 'list'], { env: { DATABASE_URL: empty.href } });
  expect(old).toMatchObject({ code: 5, stdout: '' });
  expect(old.stderr).toContain('the database schema is not up to date; run src/migrate.ts');
});

it('uses the sandbox when DATABASE_URL is not set', async () => {
  // The test's Postgres server takes the place of the sandbox's.
  await writeConnection(db.operatorUrl);
  const env = { DATABASE_URL: '', HASH_SECRET: '', ENCRYPTION_KEYS: '', DATA_DIR: folder };
  const result = await rx(['org', 'list', '--json'], { env });
  expect(result.stderr).toBe(`using the sandbox ${folder} at ${new URL(db.operatorUrl).host}\n`);
  expect(result.json.organizations).toEqual([]);
});

it('says what to do when there is no sandbox, or when it is not running', async () => {
  const env = { DATABASE_URL: '', DATA_DIR: path.join(folder, 'nowhere') };
  const none = await rx(['org', 'list'], { env });
  expect(none).toMatchObject({ code: 5, stdout: '' });
  expect(none.stderr).toContain(
    `no sandbox has been started on DATA_DIR ${env.DATA_DIR}; run npm start`,
  );

  const { POSTGRES_PORT } = await freePorts();
  await writeConnection(`postgres://rx:secret-word@127.0.0.1:${POSTGRES_PORT}/rx`);
  const stopped = await rx(['org', 'list'], { env: { DATABASE_URL: '', DATA_DIR: folder } });
  expect(stopped).toMatchObject({ code: 5, stdout: '' });
  expect(stopped.stderr).toContain('start the sandbox with npm start');
  expect(stopped.stderr).not.toContain('secret-word');

  await writeFile(path.join(folder, 'connection.json'), '{"databaseUrl":');
  const damaged = await rx(['org', 'list'], { env: { DATABASE_URL: '', DATA_DIR: folder } });
  expect(damaged).toMatchObject({ code: 5, stdout: '' });
  expect(damaged.stderr).toContain('is damaged; restart the sandbox');
});
