import { describe, expect, it } from 'vitest';
import { obtainBuild } from '../../upgrade/obtain-build.ts';
import { PREVIOUS_BUILDS } from '../../upgrade/previous-builds.ts';

describe('an earlier build', () => {
  it('names what gets its commit when the clone lacks it', async () => {
    const absent = 'f'.repeat(40);
    await expect(obtainBuild(absent, () => undefined)).rejects.toThrow(
      /lacks the commit f{40}: run git fetch|history of a git clone/,
    );
  });

  it('is named in full, with its newest migration, the oldest first', () => {
    for (const { commit, migration } of PREVIOUS_BUILDS) {
      expect(commit).toMatch(/^[0-9a-f]{40}$/);
      expect(migration).toMatch(/^\d{4}-[\w.-]+\.sql$/);
    }
    const migrations = PREVIOUS_BUILDS.map(({ migration }) => migration);
    expect(migrations).toEqual(migrations.toSorted());
  });
});
