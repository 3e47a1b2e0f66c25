/**
 * The permanent name of a key in AWS KMS: `arn:aws:kms:<region>:<account>:key/<id>`. Aliases do not match,
 * because an alias can be moved to another key.
 */
export const KMS_KEY_ARN = /^arn:aws[a-z-]{0,20}:kms:([a-z0-9-]{1,32}):\d{12}:key\/[\w-]{1,64}$/;

/** Returns the region of a key. @param arn matches {@link KMS_KEY_ARN}. */
export function regionOf(arn: string): string {
  return KMS_KEY_ARN.exec(arn)?.[1] ?? '';
}

/** Advice for a data key whose KMS key is not configured. We never use a key that is not configured. */
export const KMS_KEY_UNKNOWN = 'add it to KMS_OLD_KEY_IDS';
