import type { AuditSource } from '../audit/record-audit.ts';
import type { Patient } from '../contract/case.ts';
import { CaseNotPermittedError } from '../orders/order-errors.ts';
import { type Database, withTimeout } from '../storage/database.ts';
import { forOrganization } from '../storage/row-level-security.ts';
import { type CaseDetail, readCaseDetail } from './customer-case-detail.ts';
import { putCase } from './put-case.ts';

/** Which case, and whose. */
export interface CaseKey {
  readonly organizationId: string;
  readonly caseId: string;
}

/** What the HTTP layer asks of the cases. Each call is bounded in time, as in `OrderService`. */
export interface CaseService {
  /** Creates or replaces a case; see {@link putCase}. */
  put(key: CaseKey, patient: Patient, by: AuditSource): ReturnType<typeof putCase>;
  /** Reads a case as the original shows it; see {@link readCaseDetail}. */
  detail(
    key: CaseKey,
    include: { readonly orders: boolean; readonly attachments: boolean },
  ): Promise<CaseDetail>;
}

/** The cases on a database; the secret keys the hashes of patients. */
export function createCaseService(database: Database, hashSecret: string): CaseService {
  return {
    put: (key, patient, by) =>
      withTimeout(
        forOrganization(database, key.organizationId, (sql) =>
          putCase(sql, hashSecret, key, patient, by),
        ),
      ),
    async detail(key, include) {
      // A text that Postgres cannot hold is no case's id.
      if (key.caseId.includes('\0')) throw new CaseNotPermittedError();
      return await withTimeout(
        forOrganization(database, key.organizationId, (sql) => readCaseDetail(sql, key, include)),
      );
    },
  };
}
