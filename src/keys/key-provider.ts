/**
 * Where the master key is: it wraps the data keys that stand in Postgres, and never leaves. The shape
 * of AWS KMS (`Encrypt`, `Decrypt` with an encryption context), Google Cloud KMS (additional
 * authenticated data) and Vault's transit engine (`context`).
 */
export interface KeyProvider {
  /** The master keys that may be used, the one first that {@link KeyProvider.wrap} uses; no secrets. */
  readonly keyIds: readonly string[];
  /**
   * Encrypts a data key.
   *
   * @param context what the key is for; {@link KeyProvider.unwrap} needs the same.
   * @throws {KeyMissingError} the master key cannot be used.
   * @throws {KeyServiceError} the service that has it does not serve.
   */
  wrap(dataKey: Uint8Array, context: string): Promise<WrappedKey>;
  /**
   * Decrypts a data key.
   *
   * @throws {KeyMissingError} its master key is not there, or cannot be used.
   * @throws {SealBrokenError} it was altered, or is for something else.
   * @throws {KeyServiceError} the service that has the master key does not serve.
   */
  unwrap(wrapped: WrappedKey, context: string): Promise<Buffer>;
}

/** A data key as it can be stored. */
export interface WrappedKey {
  readonly masterKeyId: string;
  readonly wrapped: Buffer;
}

/** The service that has the master keys did not do as it was asked; time may mend it. */
export class KeyServiceError extends Error {
  override readonly name = 'KeyServiceError';
  /** E.g. `KEY_SERVICE_ThrottlingException`. */
  readonly code: string;

  /** @param reason the service's or the system's code, e.g. `ThrottlingException`, `ECONNREFUSED`. */
  constructor(reason: string) {
    super(`the key service failed: ${reason}`);
    this.code = `KEY_SERVICE_${reason}`;
  }
}
