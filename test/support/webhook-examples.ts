import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const FOLDER = path.resolve('examples/webhooks');

/** The receivers of examples/webhooks, each with the command that runs it. */
export const EXAMPLE_RECEIVERS: [name: string, command: string, args: string[]][] = [
  ['receiver.py', 'python3', []],
  ['node-receiver.ts', process.execPath, ['--import', 'tsx']],
  ['fastify-receiver.ts', process.execPath, ['--import', 'tsx']],
];

/** Throws an error that says what to install when a tool of the examples is missing. */
export function needTool(tool: string, versionArgument: string): void {
  const { error, status } = spawnSync(tool, [versionArgument], { stdio: 'ignore' });
  if (error || status !== 0) {
    throw new Error(
      `${tool} is not installed: this test runs an example of examples/webhooks by it.`,
    );
  }
}

/** A running example, started as a user would start it. */
export interface ExampleReceiver {
  readonly url: string;
  /** The lines that it printed since it began to listen, such as `msg_1: PING`. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

export async function startExampleReceiver(
  [name, command, args]: (typeof EXAMPLE_RECEIVERS)[number],
  secret: string,
): Promise<ExampleReceiver> {
  needTool(command, '--version');
  const child = spawn(command, [...args, path.join(FOLDER, name)], {
    env: { ...process.env, WEBHOOK_SECRET: secret, WEBHOOK_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const reader = createInterface({ input: child.stdout });
  const [first] = (await once(reader, 'line')) as [string];
  const lines: string[] = [];
  reader.on('line', (line) => lines.push(line));
  return {
    url: first.replace('listening on ', ''),
    lines,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Runs `verify.sh` on a webhook that is saved in a folder, in which the script stores the accepted ids. */
export function runVerifyScript(
  folder: string,
  secret: string,
  webhook: { readonly body: string | Buffer; readonly headers: readonly string[] },
) {
  const [body, headers] = [path.join(folder, 'body'), path.join(folder, 'headers')];
  writeFileSync(body, webhook.body);
  writeFileSync(headers, webhook.headers.map((line) => `${line}\r\n`).join(''));
  const seen = path.join(folder, 'seen');
  writeFileSync(seen, '', { flag: 'a' });
  return spawnSync('sh', [path.join(FOLDER, 'verify.sh'), body, headers, seen], {
    env: { ...process.env, WEBHOOK_SECRET: secret },
    encoding: 'utf8',
  });
}
