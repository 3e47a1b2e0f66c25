import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { Log, LogFields } from '../../../src/process/log.ts';
import { createSdkLog } from '../../../src/temporal/sdk-log.ts';

interface Line {
  level: keyof Log;
  message: string;
  fields: LogFields | undefined;
}

function recordingLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = [];
  const note = (level: keyof Log) => (message: string, fields?: LogFields) => {
    lines.push({ level, message, fields });
  };
  const log = {
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
  };
  return { log, lines };
}

describe('createSdkLog', () => {
  it('forwards ids, types and counts', () => {
    const { log, lines } = recordingLog();
    const meta = { workflowId: 'order-1', activityType: 'placeOrder', attempt: 3 };
    createSdkLog(log).warn('Activity failed', meta);
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'Activity failed',
        fields: { workflowId: 'order-1', activity: 'placeOrder', attempt: 3 },
      },
    ]);
  });

  it('drops all other metadata', () => {
    const { log, lines } = recordingLog();
    const secret = 'Ada Example, 1 Main Street';
    createSdkLog(log).error('failed', {
      args: [secret],
      payload: { patient: secret },
      error: new Error(secret),
      workflowId: { nested: secret },
      activityType: [secret],
      attempt: secret,
    });
    expect(lines).toEqual([{ level: 'error', message: 'failed', fields: {} }]);
  });

  it('logs the codes of a failure, but neither its details nor its cause', () => {
    const { log, lines } = recordingLog();
    const error = ApplicationFailure.create({
      type: 'PHARMACY_UNAVAILABLE',
      message: 'PHARMACY_HTTP_503',
      details: ['Ada Example'],
      cause: new Error('Ada Example'),
    });
    createSdkLog(log).warn('Activity failed', { error });
    expect(lines[0]?.fields).toEqual({ code: 'PHARMACY_UNAVAILABLE: PHARMACY_HTTP_503' });
  });

  it('logs messages about the SDK itself at level debug', () => {
    const { log, lines } = recordingLog();
    const sdk = createSdkLog(log);
    sdk.trace('t');
    sdk.debug('d');
    sdk.info('i');
    sdk.warn('w');
    sdk.error('e');
    sdk.log('INFO', 'l');
    sdk.log('ERROR', 'f');
    const levels = lines.map((line) => line.level);
    expect(levels).toEqual(['debug', 'debug', 'debug', 'warn', 'error', 'debug', 'error']);
  });
});
