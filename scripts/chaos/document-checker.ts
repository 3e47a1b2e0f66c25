import type { PharmacyOrder, ShownOrder, Violation } from './evidence.ts';

/**
 * Compares the documents that the API shows of an order, and the stored files, with the pharmacy's.
 *
 * - The documents that are neither withdrawn nor replaced by a newer version are exactly those that the
 *   pharmacy has now.
 * - A replaced version, and a withdrawn document, is one that the pharmacy had. They may be missing: an
 *   order whose worker was down is read after the change only.
 *
 * @param files the SHA-256 of each stored file, by the id of its document.
 */
export function documentViolations(
  { id, status, documents }: ShownOrder,
  placed: PharmacyOrder | undefined,
  files: ReadonlyMap<string, string>,
): Violation[] {
  const found: Violation[] = [];
  const report = (detail: string) => {
    found.push({ kind: 'document', subject: id, detail });
  };
  const offered = status === 'COMPLETED' ? (placed?.documents ?? []) : [];
  const superseded = new Set(documents.flatMap(({ supersedes }) => supersedes ?? []));
  const shown = documents.map((document) => {
    const { deletedAt, sha256 } = document;
    const state = superseded.has(document.id) ? 'superseded' : 'current';
    return { sha256, state: deletedAt === undefined ? state : 'withdrawn' };
  });

  const hashes = (list: readonly { sha256: string; state: string }[], state: string) =>
    list.filter((one) => one.state === state).map(({ sha256 }) => sha256);
  const current = hashes(shown, 'current');
  if (current.toSorted().join() !== hashes(offered, 'current').toSorted().join()) {
    report(`shows ${current.length} documents that differ from the pharmacy's`);
  }
  for (const state of ['superseded', 'withdrawn']) {
    const had = new Set(hashes(offered, state));
    for (const sha256 of hashes(shown, state)) {
      // Each counts once.
      if (!had.delete(sha256)) report(`shows the ${state} document ${sha256}, which never was`);
    }
  }
  for (const document of documents) {
    if (files.get(document.id) === document.sha256) continue;
    report(`document ${document.id} is stored with another hash than shown`);
  }
  return found;
}
