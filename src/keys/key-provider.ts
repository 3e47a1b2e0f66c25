/**
 * Holds the master keys, which wrap the data keys in Postgres and never leave the provider. AWS KMS
 * (`Encrypt` and `Decrypt` with an encryption context), Google Cloud KMS (additional authenticated data)
 * and Vault's transit engine (`context`) all fit this interface.
 */
export interface KeyProvider {
  /** Ids of the usable master keys, which are not secret. {@link KeyProvider.wrap} uses the first one. */
  readonly keyIds: readonly string[];
  /**
   * Encrypts a data key.
   *
   * @param dataKey 32 bytes.
   * @param context the purpose of the key; {@link KeyProvider.unwrap} needs the same.
   * @throws {KeyMissingError} the master key cannot be used.
   * @throws {KeyServiceError} the key service is unavailable.
   */
  wrap(dataKey: Uint8Array, context: string): Promise<WrappedKey>;
  /**
   * Decrypts a data key.
   *
   * @throws {KeyMissingError} the master key is missing, or cannot be used.
   * @throws {SealBrokenError} the data key was altered, or has another purpose.
   * @throws {KeyServiceError} the key service is unavailable.
   */
  unwrap(wrapped: WrappedKey, context: string): Promise<Buffer>;
}

/** A data key that a master key has encrypted, so that it can be stored. */
export interface WrappedKey {
  readonly masterKeyId: string;
  readonly wrapped: Buffer;
}

/** The key service failed. A retry may succeed. */
export class KeyServiceError extends Error {
  override readonly name = 'KeyServiceError';
  /** E.g. `KEY_SERVICE_ThrottlingException`. */
  readonly code: string;

  /** @param reason a code of the service or the operating system, e.g. `ThrottlingException`. */
  constructor(reason: string) {
    super(`the key service failed: ${reason}`);
    this.code = `KEY_SERVICE_${reason}`;
  }
}
