import type { Client } from '@temporalio/client';
import type { AuditVerification } from '../../audit/verify-audit-log.ts';
import type { SealedDocuments } from '../../documents/sealed-documents.ts';
import type { EndpointService } from '../../notifications/endpoints/endpoint-service.ts';
import type { Finding } from '../../operators/doctor.ts';
import type { Overview } from '../../operators/overview.ts';
import type { Log } from '../../process/log.ts';
import type { Database } from '../../storage/database.ts';
import type { SingleSignOn } from './single-sign-on.ts';

/** What the pages of the console use: the functions of `rx`, on the operators' role. */
export interface ConsoleDependencies {
  readonly database: Database;
  readonly temporal: Client;
  readonly documents: SealedDocuments;
  /** The key of the hashes of idempotency keys. */
  readonly hashSecret: string;
  readonly endpoints: EndpointService;
  /** The login through a provider; undefined: operators log in by links only. */
  readonly singleSignOn: SingleSignOn | undefined;
  /** The overview of the last seconds. */
  readonly readOverview: () => Promise<Overview>;
  /** The mark of the last seconds, which changes with every timeline. */
  readonly readMark: () => Promise<string>;
  /** What `rx doctor` found within the last seconds. */
  readonly examine: () => Promise<readonly Finding[]>;
  /** Verifies the seals of the audit log. Requests at the same time share one verification. */
  readonly verify: () => Promise<AuditVerification>;
  /** Returns the page of an order's workflow in the Temporal UI. */
  readonly workflowUrl: (workflowId: string) => string;
  readonly log: Log;
}
