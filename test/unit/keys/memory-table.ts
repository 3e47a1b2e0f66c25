import type { DataKeyRow, DataKeyTable } from '../../../src/keys/data-keys.ts';

/** Stores data keys in memory. The last key of an owner is the active one. */
export function memoryTable(): DataKeyTable & { readonly rows: DataKeyRow[] } {
  const rows: DataKeyRow[] = [];
  const ofOwner = (owner: string | null) => rows.filter((row) => row.organizationId === owner);
  return {
    rows,
    find: async (id) => rows.find((row) => row.id === id),
    findActive: async (owner) => ofOwner(owner).at(-1),
    async insertFirst(row) {
      if (row.organizationId !== 'nobody' && ofOwner(row.organizationId).length === 0)
        rows.push(row);
    },
  };
}
