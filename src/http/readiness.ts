/** Whether each dependency of the server answers. */
export interface Readiness {
  readonly postgres: boolean;
  /** Whether the database has the schema that this server needs. */
  readonly schema: boolean;
  readonly temporal: boolean;
}

/**
 * Checks the server's dependencies. It never rejects.
 *
 * @param checks each resolves when its dependency answers.
 */
export async function checkReadiness(checks: {
  readonly postgres: () => Promise<void>;
  readonly schema: () => Promise<void>;
  readonly temporal: () => Promise<void>;
}): Promise<Readiness> {
  const [postgres, schema, temporal] = await Promise.all([
    isUp(checks.postgres),
    isUp(checks.schema),
    isUp(checks.temporal),
  ]);
  return { postgres, schema, temporal };
}

async function isUp(check: () => Promise<void>): Promise<boolean> {
  return await check().then(
    () => true,
    () => false,
  );
}
