import type { Log, LogFields } from '../../src/process/log.ts';

/** Creates a log that collects its lines for assertions. */
export interface KeptLog extends Log {
  readonly lines: { level: string; message: string; fields: LogFields }[];
}

export function createKeptLog(): KeptLog {
  const lines: KeptLog['lines'] = [];
  const keep =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, fields });
    };
  return {
    lines,
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
  };
}
