/**
 * Where the master key is: it wraps the data keys that stand in Postgres, and never leaves. The shape
 * of AWS KMS (`Encrypt`, `Decrypt` with an encryption context), Google Cloud KMS (additional
 * authenticated data) and Vault's transit engine (`context`).
 */
export interface KeyProvider {
  /** The key that {@link KeyProvider.wrap} uses now; no secret. */
  readonly activeKeyId: string;
  /**
   * Encrypts a data key.
   *
   * @param context what the key is for; {@link KeyProvider.unwrap} needs the same.
   */
  wrap(dataKey: Uint8Array, context: string): Promise<WrappedKey>;
  /**
   * Decrypts a data key.
   *
   * @throws {KeyMissingError} its master key is not there.
   * @throws {SealBrokenError} it was altered, or is for something else.
   */
  unwrap(wrapped: WrappedKey, context: string): Promise<Buffer>;
}

/** A data key as it can be stored. */
export interface WrappedKey {
  readonly masterKeyId: string;
  readonly wrapped: Buffer;
}
