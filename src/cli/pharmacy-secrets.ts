import { isStandardWebhooksSecret } from '../pharmacy/registry.ts';
import type { WebhookAuth } from '../pharmacy/webhook-auth.ts';
import { UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { readSecret } from './secrets.ts';

type AuthKind = WebhookAuth['kind'];

/** The ways in which a pharmacy's webhooks can prove themselves. */
export const WEBHOOK_AUTH_KINDS: readonly AuthKind[] = [
  'standard-webhooks',
  'x-cv-signature',
  'basic',
  'bearer',
  'none',
];

/** The options that tell where a pharmacy's secrets are. */
export interface PharmacySecrets {
  tokenFile?: string;
  tokenEnv?: string;
  webhookAuth: AuthKind;
  webhookUsername?: string;
  webhookSecretFile?: string;
  webhookSecretEnv?: string;
}

/**
 * Reads a pharmacy's secrets from where the options say.
 *
 * @throws {UsageError} one is missing, superfluous or malformed.
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
  if (token === undefined) throw new UsageError('give --token-file or --token-env');
  const secret = await readSecret(context, 'webhook-secret', {
    file: options.webhookSecretFile,
    variable: options.webhookSecretEnv,
  });
  return { token, webhookAuth: webhookAuthOf(options, secret) };
}

function webhookAuthOf(
  { webhookAuth: kind, webhookUsername: username }: PharmacySecrets,
  secret: string | undefined,
): WebhookAuth {
  if ((username !== undefined) !== (kind === 'basic')) {
    throw new UsageError('--webhook-username and --webhook-auth basic go together');
  }
  if (kind === 'none') {
    if (secret === undefined) return { kind };
    throw new UsageError('there is a webhook secret: tell its kind with --webhook-auth');
  }
  if (secret === undefined) {
    throw new UsageError(
      `--webhook-auth ${kind} needs --webhook-secret-file or --webhook-secret-env`,
    );
  }
  switch (kind) {
    case 'standard-webhooks':
      if (isStandardWebhooksSecret(secret)) return { kind, secret };
      throw new UsageError('the webhook-secret must be base64, with or without whsec_ in front');
    case 'x-cv-signature':
      return { kind, secret };
    case 'basic':
      return { kind, username: username ?? '', password: secret };
    case 'bearer':
      return { kind, token: secret };
  }
}
