import { pino } from 'pino';
import pinoPretty from 'pino-pretty';
import type { Config } from './config.ts';

/** The fields of a log line in addition to its message: ids and codes, never patient data. */
export interface LogFields {
  readonly orderId?: string;
  readonly workflowId?: string;
  readonly organizationId?: string;
  readonly pharmacyId?: string;
  readonly activity?: string;
  readonly attempt?: number;
  readonly code?: string;
  readonly status?: string | number;
  readonly method?: string;
  readonly route?: string;
  readonly requestId?: string;
  readonly durationMs?: number;
  readonly count?: number;
  readonly address?: string;
  readonly signal?: string;
}

/** A structured log on stderr: one JSON line per event, or lines for people on a terminal. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * Creates the log of a process.
 *
 * @param part the name of the process, such as `server` or `worker`; a field of every line.
 * @param config the log level and the format.
 */
export function createLog(part: string, config: Config['log']): Log {
  const pretty = config.format === 'pretty' || (config.format === 'auto' && process.stderr.isTTY);
  const options = {
    level: config.level,
    base: { part },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const target = pretty
    ? pinoPretty({
        destination: 2,
        sync: true,
        ignore: 'part',
        messageFormat: `${part}: {msg}`,
      })
    : pino.destination({ dest: 2, sync: true });
  const logger = pino(options, target);
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}
