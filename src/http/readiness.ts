/** Whether each dependency of the server answers. */
export interface Readiness {
  readonly postgres: boolean;
  /** Whether the database has the schema that this server needs. */
  readonly schema: boolean;
  readonly temporal: boolean;
  /** Whether stored documents can be read. */
  readonly documents: boolean;
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
  readonly documents: () => Promise<void>;
}): Promise<Readiness> {
  const [postgres, schema, temporal, documents] = await Promise.all([
    isUp(checks.postgres),
    isUp(checks.schema),
    isUp(checks.temporal),
    isUp(checks.documents),
  ]);
  return { postgres, schema, temporal, documents };
}

async function isUp(check: () => Promise<void>): Promise<boolean> {
  return await check().then(
    () => true,
    () => false,
  );
}
