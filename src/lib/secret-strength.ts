/** The fewest characters of a secret that a deployment chooses. */
export const LEAST_CHARACTERS = 16;
/** The fault of a secret that is shorter. */
export const TOO_SHORT = `must be at least ${LEAST_CHARACTERS} characters`;

/** The fewest different characters or bytes. A random secret of 15 characters or more has more. */
const LEAST_DIFFERENT = 8;

/** The fault of a secret that has a sufficient length but few different characters or bytes. */
export const TOO_UNIFORM =
  'the secret repeats a few characters, so it can be guessed: use a random one';

/** Returns whether a secret repeats a few characters or bytes. */
export function isUniform(secret: Iterable<string | number>): boolean {
  return new Set(secret).size < LEAST_DIFFERENT;
}

/** Returns why a secret can be guessed; undefined for a strong one. */
export function weaknessOf(secret: string): string | undefined {
  if (secret.length < LEAST_CHARACTERS) return TOO_SHORT;
  return isUniform(secret) ? TOO_UNIFORM : undefined;
}
