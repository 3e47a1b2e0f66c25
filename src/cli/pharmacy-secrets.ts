import { makeWebhookAuth, type WebhookAuth } from '../pharmacy/webhook-auth.ts';
import { webhookSecretFault } from '../pharmacy/webhook-secret-rules.ts';
import { UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { readSecret } from './read-secret.ts';

type AuthKind = WebhookAuth['kind'];

/** The options for a pharmacy's secrets. */
export interface PharmacySecrets {
  tokenFile?: string;
  tokenEnv?: string;
  webhookAuth: AuthKind;
  webhookUsername?: string;
  webhookSecretFile?: string;
  webhookSecretEnv?: string;
}

/**
 * Reads a pharmacy's secrets from the sources in the options.
 *
 * @throws {UsageError} a secret is missing, unexpected or malformed, or it cannot work for its kind.
 */
export async function readPharmacySecrets(
  context: CliContext,
  options: PharmacySecrets,
): Promise<{ token: string; webhookAuth: WebhookAuth }> {
  if (options.tokenFile === '-' && options.webhookSecretFile === '-') {
    throw new UsageError('--token-file and --webhook-secret-file cannot both be standard input');
  }
  const token = await readSecret(context, 'token', {
    file: options.tokenFile,
    variable: options.tokenEnv,
  });
  if (token === undefined) throw new UsageError('--token-file or --token-env is required');
  const secret = await readSecret(context, 'webhook-secret', {
    file: options.webhookSecretFile,
    variable: options.webhookSecretEnv,
  });
  const webhookAuth = webhookAuthOf(options, secret);
  const fault = webhookSecretFault(webhookAuth);
  if (fault !== undefined) throw new UsageError(`--webhook-auth ${options.webhookAuth}: ${fault}`);
  return { token, webhookAuth };
}

function webhookAuthOf(
  { webhookAuth: kind, webhookUsername: username }: PharmacySecrets,
  secret: string | undefined,
): WebhookAuth {
  if ((username !== undefined) !== (kind === 'basic')) {
    throw new UsageError('--webhook-username needs --webhook-auth basic, and the reverse');
  }
  if (kind === 'none') {
    if (secret === undefined) return { kind };
    throw new UsageError('a webhook secret needs --webhook-auth with another value than none');
  }
  if (secret === undefined) {
    throw new UsageError(
      `--webhook-auth ${kind} needs --webhook-secret-file or --webhook-secret-env`,
    );
  }
  return makeWebhookAuth(kind, { secret, username: username ?? '' });
}
