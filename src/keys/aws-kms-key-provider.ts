import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { SealBrokenError } from './aead.ts';
import { BEFORE_READING, limitAnswer, nameOfAwsError, requestIdentity } from './aws-answers.ts';
import { type KeyProvider, KeyServiceError } from './key-provider.ts';
import { KeyMissingError } from './key-ring.ts';
import { KMS_KEY_UNKNOWN, regionOf } from './kms-key-arn.ts';

/** Settings of master keys in AWS KMS, or in a service with the same API. */
export interface AwsKmsSettings {
  /** ARNs. The first key wraps; each key unwraps what it has wrapped. No other key is ever used. */
  readonly keyIds: readonly [string, ...string[]];
  /** The URL of the service; undefined: AWS. */
  readonly endpoint: string | undefined;
  /** undefined: the AWS SDK's default credential chain, for example the role of the machine. */
  readonly credentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string }
    | undefined;
}

const ATTEMPTS = 2;
/** Limit of one attempt, for connecting and for the answer each. */
const ATTEMPT_LIMIT_MS = 700;
/** Limit of a whole call. Shorter than `withTimeout`, so that the error names the KMS, not Postgres. */
const CALL_LIMIT_MS = 1_500;
/** A wrapped data key has a few hundred bytes; AWS allows 6,144 (`CiphertextBlob`). */
const ANSWER_LIMIT_BYTES = 64 * 1024;

/** Errors that only an operator can fix (AWS KMS API Reference, “Encrypt” and “Decrypt”, Errors). */
const UNUSABLE = [
  'NotFoundException',
  'DisabledException',
  'KMSInvalidStateException',
  'AccessDeniedException',
];
const BROKEN = ['InvalidCiphertextException', 'IncorrectKeyException'];

/**
 * Creates a provider of master keys in AWS KMS. It calls `Encrypt` and `Decrypt` and passes the context
 * as encryption context, which CloudTrail records. A call takes at most 1.5 s and reads at most 64 KiB.
 */
export function createAwsKmsKeyProvider(settings: AwsKmsSettings): KeyProvider {
  const { keyIds, endpoint, credentials } = settings;
  const clients = new Map<string, KMSClient>();

  function clientOf(keyId: string): KMSClient {
    const region = regionOf(keyId);
    const known = clients.get(region);
    if (known !== undefined) return known;
    const client = new KMSClient({
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
    client.middlewareStack.add(
      (next) => async (args) => {
        requestIdentity(args);
        return limitAnswer(await next(args), ANSWER_LIMIT_BYTES);
      },
      BEFORE_READING,
    );
    clients.set(region, client);
    return client;
  }

  /** Makes one call with a timeout, and translates its errors. */
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

/** Translates an error, and keeps only its code: messages of a service quote data of the request. */
function fail(error: unknown, keyId: string): never {
  const reason = nameOfAwsError(error);
  if (BROKEN.includes(reason)) throw new SealBrokenError();
  if (UNUSABLE.includes(reason)) throw new KeyMissingError(keyId, `AWS KMS says ${reason}`);
  throw new KeyServiceError(reason);
}

function bytesOf(bytes: Uint8Array | undefined): Buffer {
  if (bytes === undefined) throw new KeyServiceError('EmptyAnswer');
  return Buffer.from(bytes);
}
