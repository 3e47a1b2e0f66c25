import { pino } from 'pino';

/** The fields of a log line in addition to its message: ids and codes, never the content of an order. */
export interface LogFields {
  readonly pharmacyId?: string;
  readonly reference?: string;
  readonly status?: string | number;
  readonly code?: string;
  readonly type?: string;
  readonly attempt?: number;
  readonly count?: number;
  readonly address?: string;
  readonly signal?: string;
}

/** The simulator's log: one line of JSON on stderr for each event. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Makes the log of this process. */
export function createLog(): Log {
  const logger = pino(
    {
      base: { part: 'simulator' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}
