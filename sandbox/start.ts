import colors from 'picocolors';
import { createLoginLink } from './login-link.ts';
import { runProgram } from './run-program.ts';
import { type Stack, startStack } from './stack.ts';
import { watchStopSignals } from './stop-signals.ts';

// `npm start`: runs the sandbox in the foreground until Ctrl-C.

const signals = watchStopSignals(process.env);
const news = {
  isTTY: process.stderr.isTTY,
  write: (text: string) => process.stderr.write(text),
};

process.exit(
  await runProgram(
    async () => {
      const stack = await start();
      if (stack === undefined) return;
      signals.onRepeat(() => void stack.killAll());
      if (process.stdout.isTTY) process.stdout.write(help(stack, await createLoginLink(stack)));
      process.stdout.write(`ready ${stack.baseUrl}\n`);
      try {
        await Promise.race([signals.stopped, stack.failed]);
      } finally {
        await stack.stop();
      }
    },
    signals.stopping,
    (message) => {
      process.stderr.write(`${message}\n`);
    },
  ),
);

/** Returns undefined when the user stopped the program during the start, which is not an error. */
async function start(): Promise<Stack | undefined> {
  try {
    return await startStack({
      dataDir: process.env.DATA_DIR || '.data',
      env: process.env,
      ports: 'env',
      log: news,
      news,
      signal: signals.stopping,
      withConsole: true,
    });
  } catch (error) {
    if (signals.stopping.aborted) return undefined;
    throw error;
  }
}

function help(stack: Stack, loginLink: string): string {
  const rows = [
    ['orders', `${stack.baseUrl}/api/v1/cases/:caseId`],
    ['keys', 'YOUR_SECRET_KEY, READ_ONLY_KEY, OTHER_SECRET_KEY (header cv-api-key)'],
    ['console', `${loginLink} (works once; npx rx console login makes another)`],
    ['Temporal UI', stack.temporalUiUrl],
    ['codec server', stack.codecUrl],
    ['simulator', `${stack.simulatorUrl}/control/ledger`],
    ['data', stack.dataDir],
  ];
  return `
${rows.map(([name, value]) => `  ${colors.dim((name ?? '').padEnd(13))}${value ?? ''}`).join('\n')}

  curl -X POST ${stack.baseUrl}/api/v1/cases/123e4567-e89b-12d3-a456-426614174000 \\
    -H 'cv-api-key: YOUR_SECRET_KEY' -H 'Content-Type: application/json' \\
    -d @sandbox/place-order.example.json

  Ctrl-C stops everything.

`;
}
