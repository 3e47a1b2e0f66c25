import type { AuditSource } from '../audit/record-audit.ts';
import type { Patient } from '../contract/case.ts';
import { CaseNotPermittedError } from '../orders/order-errors.ts';
import { type Database, withTimeout } from '../storage/database.ts';
import { forOrganization } from '../storage/row-level-security.ts';
import { type CaseDetail, readCaseDetail } from './customer-case-detail.ts';
import { putCase } from './put-case.ts';

/** A case of an organization. */
export interface CaseKey {
  readonly organizationId: string;
  readonly caseId: string;
}

/** The operations on cases for the HTTP layer. Each call has a time limit, as in `OrderService`. */
export interface CaseService {
  /** Creates or replaces a case; see {@link putCase}. */
  put(key: CaseKey, patient: Patient, by: AuditSource): ReturnType<typeof putCase>;
  /** Reads a case as the original API returns it; see {@link readCaseDetail}. */
  detail(
    key: CaseKey,
    include: { readonly orders: boolean; readonly attachments: boolean },
  ): Promise<CaseDetail>;
}

/**
 * Creates the {@link CaseService} of a database.
 *
 * @param hashSecret the secret of the keyed hashes of patients.
 */
export function createCaseService(database: Database, hashSecret: string): CaseService {
  return {
    put: (key, patient, by) =>
      withTimeout(
        forOrganization(database, key.organizationId, (sql) =>
          putCase(sql, hashSecret, key, patient, by),
        ),
      ),
    async detail(key, include) {
      // Postgres cannot store NUL in a text, so no case has such an id.
      if (key.caseId.includes('\0')) throw new CaseNotPermittedError();
      return await withTimeout(
        forOrganization(database, key.organizationId, (sql) => readCaseDetail(sql, key, include)),
      );
    },
  };
}
