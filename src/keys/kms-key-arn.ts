/** How AWS KMS names a key for good: `arn:aws:kms:<region>:<account>:key/<id>`. An alias is none: it can be moved. */
export const KMS_KEY_ARN = /^arn:aws[a-z-]{0,20}:kms:([a-z0-9-]{1,32}):\d{12}:key\/[\w-]{1,64}$/;

/** The region that a key is in. @param arn as {@link KMS_KEY_ARN}. */
export function regionOf(arn: string): string {
  return KMS_KEY_ARN.exec(arn)?.[1] ?? '';
}

/** What helps when a data key names a key of a KMS that is not configured: no other one is ever used. */
export const KMS_KEY_UNKNOWN = 'name it in KMS_OLD_KEY_IDS';
