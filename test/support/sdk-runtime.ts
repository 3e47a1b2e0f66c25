import { type Logger, Runtime } from '@temporalio/worker';
import { createSdkLog } from '../../src/temporal/sdk-log.ts';
import type { KeptLog } from './logs.ts';

/** Where the SDK logs to at present; undefined until this process has a runtime. */
let present: Logger | undefined;

/**
 * Sends what the SDK logs to this log from now on. A process has one runtime, whose logger never
 * changes; the test files that share a process have logs of their own.
 */
export function sendSdkLogTo(log: KeptLog): void {
  const isFirst = present === undefined;
  present = createSdkLog(log);
  if (!isFirst) return;
  Runtime.install({
    logger: {
      log: (level, ...more) => present?.log(level, ...more),
      trace: (...line) => present?.trace(...line),
      debug: (...line) => present?.debug(...line),
      info: (...line) => present?.info(...line),
      warn: (...line) => present?.warn(...line),
      error: (...line) => present?.error(...line),
    },
    shutdownSignals: [],
  });
}
