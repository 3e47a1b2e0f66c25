import { Client, Connection } from '@temporalio/client';
import { inject } from 'vitest';
import { urlOfRole } from '../../sandbox/database-url.ts';
import { verifyAuditLog } from '../../src/audit/verify-audit-log.ts';
import type { DocumentStore } from '../../src/documents/document-store.ts';
import { createSealedDocuments } from '../../src/documents/sealed-documents.ts';
import { createConsole } from '../../src/http/console/app.ts';
import { csrfToken } from '../../src/http/console/session-cookie.ts';
import { createFailedAttempts } from '../../src/http/edge/failed-attempts.ts';
import { createEndpointService } from '../../src/notifications/endpoints/endpoint-service.ts';
import { createSender } from '../../src/notifications/sending/sender.ts';
import { readChangeMark } from '../../src/operators/change-mark.ts';
import { beginSession, type ConsoleUser } from '../../src/operators/console-sessions.ts';
import { readOverview } from '../../src/operators/overview.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { LOOPBACK } from './foreign.ts';
import { createKeptLog, type KeptLog } from './logs.ts';
import { createMemoryStore } from './memory-store.ts';
import { ENCRYPTION_KEYS, HASH_SECRET } from './organization.ts';
import { withKeysOf } from './sealed-rows.ts';

/** The operators' console on a database of a test. */
export interface TestConsole {
  readonly url: string;
  readonly operator: Database;
  readonly log: KeptLog;
  /** Begins a session. @returns a function that sends requests in it, with a form if one is given. */
  logIn(user: ConsoleUser): Promise<Send>;
  close(): Promise<void>;
}

type Send = (
  method: string,
  route: string,
  form?: Readonly<Record<string, string>>,
  headers?: Readonly<Record<string, string>>,
) => Promise<Response>;

/** Starts the console as its process does, without the checks of `rx doctor`. @param databaseUrl the owner's URL. */
export async function startConsole(
  databaseUrl: string,
  documents: DocumentStore = createMemoryStore(),
): Promise<TestConsole> {
  const operatorUrl = urlOfRole(databaseUrl, 'operator');
  const operator = openDatabase(operatorUrl, 4, withKeysOf(ENCRYPTION_KEYS));
  const connection = Connection.lazy({ address: inject('temporal').address });
  const sender = createSender(LOOPBACK);
  const log = createKeptLog();
  const app = createConsole(
    {
      ...{ database: operator, hashSecret: HASH_SECRET, singleSignOn: undefined, log },
      temporal: new Client({ connection }),
      documents: createSealedDocuments(documents),
      endpoints: createEndpointService(operator, { ...LOOPBACK, sender }),
      readMark: () => readChangeMark(operator),
      readOverview: () => readOverview(operator),
      examine: () => Promise.resolve([]),
      verify: () => verifyAuditLog(operator),
      workflowUrl: (workflowId) => `http://127.0.0.1/${workflowId}`,
    },
    {
      url: 'http://127.0.0.1',
      failedLogins: createFailedAttempts({ burst: 20, perSecond: 1 }, log),
    },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = app.listeningOrigin;
  return {
    ...{ url, operator, log },
    async logIn(user) {
      const secret = await beginSession(operator, user);
      return async (method, route, form, headers = {}) =>
        await fetch(url + route, {
          ...{ method, redirect: 'manual' },
          headers: { cookie: `console_session=${secret}`, ...headers },
          ...(method === 'POST' && {
            body: new URLSearchParams({ csrf: csrfToken(secret), ...form }),
          }),
        });
    },
    async close() {
      await app.close();
      sender.close();
      await connection.close();
      await operator.end();
    },
  };
}
