import { randomBytes } from 'node:crypto';
import { type Command, Option } from 'commander';
import { checkedBytes } from '../documents/checked-bytes.ts';
import { DocumentMismatchError } from '../documents/document-errors.ts';
import { foreignAccess } from '../egress/destination.ts';
import { foreignLookup } from '../egress/foreign-lookup.ts';
import { UnknownIdError } from '../lib/operator-errors.ts';
import { hasMessageAbout } from '../orders/repairs/link-message.ts';
import { type CheckOptions, checkConformance } from '../pharmacy/conformance/check.ts';
import { CONFORMANCE_RULES, type ConformanceFinding } from '../pharmacy/conformance/finding.ts';
import { makeTestOrder } from '../pharmacy/conformance/test-order.ts';
import { createPharmacyDirectory } from '../pharmacy/directory.ts';
import { readWebhookAuth } from '../pharmacy/sealed-settings.ts';
import { durationMs, jsonOption, withExamples } from './arguments.ts';
import { firstIs, recorded } from './command-audit.ts';
import { EXIT, type ExitCode } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { printJson, printRow } from './output.ts';

interface Options {
  yes?: boolean;
  drug: string;
  wait: number;
  expectWebhook?: boolean;
  timeout: number;
  json?: boolean;
}

const RULE_WIDTH = Math.max(...CONFORMANCE_RULES.map((rule) => rule.length));

/**
 * Adds `rx pharmacy check`, which exercises a pharmacy rule by rule (docs/pharmacy-protocol.md, "Check a
 * pharmacy").
 *
 * @param endWith sets the exit code to that of a failure when a rule is broken.
 */
export function addPharmacyCheck(
  group: Command,
  context: CliContext,
  endWith: (exitCode: ExitCode) => void,
): void {
  const command = group
    .command('check')
    .description('check rule by rule that a pharmacy conforms to the protocol')
    .argument('<id>', "the pharmacy's id")
    .option('--yes', 'place a test order there, and cancel it at the end')
    .option('--drug <id>', 'the drugId of the test order', 'TEST-DO-NOT-DISPENSE')
    .addOption(
      new Option('--wait <time>', 'how long the test order may take to complete')
        .default(30_000, '30s')
        .argParser(durationMs),
    )
    .option('--expect-webhook', 'require a webhook about the test order, at a running server')
    .addOption(
      new Option('--timeout <time>', 'how long to wait for each answer')
        .default(10_000, '10s')
        .argParser(durationMs),
    )
    .addOption(jsonOption())
    .action(async (id: string, options: Options) => {
      const findings: ConformanceFinding[] = [];
      for await (const finding of check(context, id, options)) {
        findings.push(finding);
        if (!options.json) printFinding(context, finding);
      }
      if (findings.some(({ result }) => result === 'fail')) endWith(EXIT.failed);
      if (options.json) printJson(context, { check: { pharmacyId: id, findings } });
    });
  // It is recorded first: the pharmacy may get an order, even if the command is stopped.
  recorded(command, 'PHARMACY_CHECKED', 'stream', firstIs('pharmacy'));
  command.addHelpText(
    'after',
    `
Without --yes the check only reads: rules about orders are skipped. With --yes the pharmacy gets one order
that says everywhere that it is a test. Its reference begins with 00000000-.`,
  );
  withExamples(
    command,
    'rx pharmacy check main-street',
    'rx pharmacy check main-street --yes --expect-webhook',
    'rx pharmacy check main-street --yes --wait 0s   # cancels the order while it is open',
  );
}

async function* check(
  context: CliContext,
  id: string,
  options: Options,
): AsyncGenerator<ConformanceFinding> {
  const { database, webhooks } = await context.connect();
  const foreign = foreignAccess(webhooks.destinations, foreignLookup);
  const directory = createPharmacyDirectory(database, { timeoutMs: options.timeout, foreign });
  const gateway = await directory.gateway(id);
  const intruder = await directory.gateway(id, randomBytes(24).toString('base64url'));
  if (gateway === undefined || intruder === undefined) throw new UnknownIdError('pharmacy');
  const webhookAuth = await readWebhookAuth(database, id);
  yield* checkConformance(
    { gateway, intruder, webhookAuth },
    {
      order: orderOf(gateway, options),
      waitMs: options.wait,
      checkDocument: documentFault,
      webhookArrived: options.expectWebhook
        ? (order) => hasMessageAbout(database, id, order)
        : { skipped: 'add --expect-webhook to wait for one' },
      stopping: context.stopping,
    },
  );
}

const documentFault: CheckOptions['checkDocument'] = async (bytes, announced) => {
  try {
    const checked = checkedBytes(bytes, announced);
    while (!(await checked.next()).done);
    return undefined;
  } catch (error) {
    if (error instanceof DocumentMismatchError) return `${error.message} (${error.code})`;
    throw error;
  }
};

function orderOf(
  { hasReferences }: { readonly hasReferences: boolean },
  { yes, drug }: Options,
): CheckOptions['order'] {
  // A test order of the original protocol would need a case there, and could not be recognized.
  if (!hasReferences) return { skipped: 'for kind rest only; place an order to try this pharmacy' };
  return yes ? makeTestOrder(drug) : { skipped: 'add --yes to place a test order there' };
}

function printFinding(context: CliContext, { rule, result, message }: ConformanceFinding): void {
  printRow(context, [
    { value: result, width: 4 },
    { value: rule, width: RULE_WIDTH },
    { value: message, width: 0 },
  ]);
}
