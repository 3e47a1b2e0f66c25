import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { superuserUrl } from '../../sandbox/database-url.ts';
import { PROJECT } from '../../sandbox/folders.ts';
import { type Stack, startStack } from '../../sandbox/stack.ts';
import { openDatabase } from '../../src/storage/database.ts';

// The published examples, read from docs/api.md and run unchanged except for the host, against a default
// stack.

const PAGE = readFileSync(path.join(PROJECT, 'docs/api.md'), 'utf8');

/** Returns the only code block of a language that uses the published host. */
function printedBlock(language: string): string {
  const blocks = [...PAGE.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  const [block, ...more] = blocks.filter(
    ([, tag, text]) => tag === language && text?.includes(HOST),
  );
  if (block?.[2] === undefined || more.length > 0)
    throw new Error(`docs/api.md must have exactly one ${language} block with ${HOST}`);
  return block[2];
}

const HOST = 'https://api.example.com';
const CONFLICT =
  '{"status":409,"success":false,"code":"IDEMPOTENCY_ERROR","description":"A record with the provided idempotencyKey already exists for this organization."}';
const EXAMPLES = [
  { file: 'place-order.sh', language: 'sh', needs: ['sh', 'curl'] },
  { file: 'place-order.mjs', language: 'js', needs: ['node'] },
  { file: 'place-order.py', language: 'python', needs: ['python3'] },
];

/** A missing program fails to start; a program that does not know `--version` does start. */
const isHere = (program: string) =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

let folder = '';
let stack: Stack;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rx-published-'));
  stack = await startStack({
    dataDir: path.join(folder, 'data'),
    env: process.env,
    ports: 'free',
    log: { write: () => true, isTTY: false },
    news: process.stderr,
  });
});

afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program that prints a response body and, on the last line, the status. */
async function run(program: string, script: string): Promise<{ body: string; status: number }> {
  // Without the variables of a proxy, because everything is on this machine.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  const { stdout } = await promisify(execFile)(program, [script], { env, timeout: 30_000 });
  const [, body, status] = /^(.*)\n(\d+)\n$/s.exec(stdout) ?? [];
  return { body: body ?? stdout, status: Number(status) };
}

for (const { file, language, needs } of EXAMPLES) {
  const missing = needs.filter((program) => !isHere(program));
  if (missing.length > 0) {
    console.warn(
      `the ${language} example of docs/api.md is not tested: no ${missing.join(', ')} on the PATH`,
    );
    continue;
  }

  test(`${file} gets 200 and, run again, 409 byte for byte`, async () => {
    const printed = printedBlock(language);
    expect(printed.split(HOST)).toHaveLength(2);
    const script = path.join(folder, file);
    writeFileSync(script, printed.replace(HOST, stack.baseUrl));
    const [program = ''] = needs;

    const first = await run(program, script);
    expect(first, first.body).toMatchObject({ status: 200 });
    expect(first.body).toMatch(
      /^\{"status":200,"success":true,"message":"Order created successfully","data":\{"order":\{"id":"[0-9a-f-]{36}"\}\}\}$/,
    );
    expect(await run(program, script)).toEqual({ status: 409, body: CONFLICT });

    // The server confirms that the request equals the published example.
    const answer = await fetch(
      `${stack.baseUrl}/api/v1/cases/123e4567-e89b-12d3-a456-426614174000`,
      {
        method: 'POST',
        headers: { 'cv-api-key': 'YOUR_SECRET_KEY', 'Content-Type': 'application/json' },
        body: readFileSync(path.join(PROJECT, 'sandbox/place-order.example.json')),
      },
    );
    expect(answer.status).toBe(409);
    expect(answer.headers.get('idempotency-match')).toBe('same');

    await freeKey();
  });
}

/** All examples are the same request, so Postgres has to forget the order of the one before. */
async function freeKey(): Promise<void> {
  const database = openDatabase(superuserUrl(stack.databaseUrl), 1);
  await database`TRUNCATE orders CASCADE`;
  await database.end();
}
