import type { AuditSource } from '../audit/record-audit.ts';
import type { Patient } from '../contract/case.ts';
import { CaseNotPermittedError } from '../orders/order-errors.ts';
import { type Database, withTimeout } from '../storage/database.ts';
import { forOrganization } from '../storage/row-level-security.ts';
import { type CaseDetail, findCaseByEmail, readCaseDetail } from './customer-case-detail.ts';
import { putCase } from './put-case.ts';

/** A case of an organization. */
export interface CaseKey {
  readonly organizationId: string;
  readonly caseId: string;
}

/** A case of an organization, by id or by its patient's email. */
type WantedCase = CaseKey | { readonly organizationId: string; readonly email: string };

/** The operations on cases for the HTTP layer. Each call has a time limit, as in `OrderService`. */
export interface CaseService {
  /** Creates or replaces a case; see {@link putCase}. */
  put(key: CaseKey, patient: Patient, by: AuditSource): ReturnType<typeof putCase>;
  /** Reads a case, named by id or by email, as the original API returns it; see {@link readCaseDetail}. */
  detail(
    wanted: WantedCase,
    include: { readonly orders: boolean; readonly attachments: boolean },
  ): Promise<CaseDetail>;
}

/**
 * Creates the {@link CaseService} of a database.
 *
 * @param hashSecret the secret of the keyed hashes of patients and of their emails.
 */
export function createCaseService(database: Database, hashSecret: string): CaseService {
  return {
    put: (key, patient, by) =>
      withTimeout(
        forOrganization(database, key.organizationId, (sql) =>
          putCase(sql, hashSecret, key, patient, by),
        ),
      ),
    async detail(wanted, include) {
      const { organizationId } = wanted;
      // Postgres cannot store NUL in a text, so no case has such an id.
      if ('caseId' in wanted && wanted.caseId.includes('\0')) throw new CaseNotPermittedError();
      return await withTimeout(
        forOrganization(database, organizationId, async (sql) => {
          const caseId =
            'caseId' in wanted ? wanted.caseId : await findCaseByEmail(sql, hashSecret, wanted);
          return await readCaseDetail(sql, { organizationId, caseId }, include);
        }),
      );
    },
  };
}
