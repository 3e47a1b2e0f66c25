import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { SealBrokenError } from './aead.ts';
import { type KeyProvider, KeyServiceError } from './key-provider.ts';
import { KeyMissingError } from './key-ring.ts';
import { KMS_KEY_UNKNOWN, regionOf } from './kms-key-arn.ts';

/** Keys in AWS KMS, or in a service that speaks its protocol. */
export interface AwsKmsSettings {
  /** ARNs. The first wraps, and each opens what it has wrapped; a row of Postgres can name no other. */
  readonly keyIds: readonly [string, ...string[]];
  /** The service's URL; undefined for AWS itself. */
  readonly endpoint: string | undefined;
  /** undefined: found as AWS's SDK finds them, e.g. those of the machine's role. */
  readonly credentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string }
    | undefined;
}

const ATTEMPTS = 2;
/** Connecting, and the answer, of one attempt. */
const ATTEMPT_LIMIT_MS = 700;
/** All of a call: below a caller's patience (`withTimeout`), so that it learns who kept it waiting. */
const CALL_LIMIT_MS = 1_500;

/** What time does not mend: people have to (AWS KMS API Reference, “Encrypt” and “Decrypt”, Errors). */
const UNUSABLE = [
  'NotFoundException',
  'DisabledException',
  'KMSInvalidStateException',
  'AccessDeniedException',
];
const BROKEN = ['InvalidCiphertextException', 'IncorrectKeyException'];

/**
 * Master keys in AWS KMS: `Encrypt` and `Decrypt`, with the context as encryption context, of which
 * AWS's own audit log tells. Each call takes 1.5 s at most.
 */
export function createAwsKmsKeyProvider(settings: AwsKmsSettings): KeyProvider {
  const { keyIds, endpoint, credentials } = settings;
  const clients = new Map<string, KMSClient>();

  function clientOf(keyId: string): KMSClient {
    const region = regionOf(keyId);
    const client =
      clients.get(region) ??
      new KMSClient({
        region,
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(credentials === undefined ? {} : { credentials }),
        maxAttempts: ATTEMPTS,
        requestHandler: {
          connectionTimeout: ATTEMPT_LIMIT_MS,
          requestTimeout: ATTEMPT_LIMIT_MS,
          throwOnRequestTimeout: true,
        },
      });
    clients.set(region, client);
    return client;
  }

  /** One call, bounded in time. */
  async function ask<T>(
    keyId: string,
    send: (client: KMSClient, options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    try {
      return await send(clientOf(keyId), { abortSignal: AbortSignal.timeout(CALL_LIMIT_MS) });
    } catch (error) {
      return fail(error, keyId);
    }
  }

  return {
    keyIds,
    async wrap(dataKey, purpose) {
      const [KeyId] = keyIds;
      const command = new EncryptCommand({
        KeyId,
        Plaintext: dataKey,
        EncryptionContext: { purpose },
      });
      const { CiphertextBlob } = await ask(KeyId, (client, options) =>
        client.send(command, options),
      );
      return { masterKeyId: KeyId, wrapped: bytesOf(CiphertextBlob) };
    },
    async unwrap({ masterKeyId: KeyId, wrapped }, purpose) {
      if (!keyIds.includes(KeyId)) {
        throw new KeyMissingError(KeyId, KMS_KEY_UNKNOWN);
      }
      const command = new DecryptCommand({
        KeyId,
        CiphertextBlob: wrapped,
        EncryptionContext: { purpose },
      });
      const { Plaintext } = await ask(KeyId, (client, options) => client.send(command, options));
      return bytesOf(Plaintext);
    },
  };
}

/** Keeps the code alone: messages of a service quote what it was given. */
function fail(error: unknown, keyId: string): never {
  const reason = nameOf(error);
  if (BROKEN.includes(reason)) throw new SealBrokenError();
  if (UNUSABLE.includes(reason)) throw new KeyMissingError(keyId, `AWS KMS says ${reason}`);
  throw new KeyServiceError(reason);
}

/** What the service, the SDK or the system calls an error: a code in each case. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Unknown';
  const system = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return /^\w{1,64}$/.test(error.name) && error.name !== 'Error' ? error.name : system;
}

function bytesOf(bytes: Uint8Array | undefined): Buffer {
  if (bytes === undefined) throw new KeyServiceError('EmptyAnswer');
  return Buffer.from(bytes);
}
