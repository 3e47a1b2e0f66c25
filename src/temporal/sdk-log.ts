import { SdkComponent } from '@temporalio/common';
import type { Logger, LogLevel, LogMetadata } from '@temporalio/worker';
import type { Log } from '../process/log.ts';

/**
 * Passes the SDK's own log on, by an allow-list: ids, types and counts. The SDK hands over errors and
 * sometimes payloads in its metadata, which are left behind.
 */
export function createSdkLog(log: Log): Logger {
  function write(level: LogLevel, message: string, meta: LogMetadata = {}): void {
    const { workflowId, orderId, status, activityType, attempt, error } = meta as Record<
      string,
      unknown
    >;
    const fields = {
      ...(typeof orderId === 'string' ? { orderId } : {}),
      ...(typeof workflowId === 'string' ? { workflowId } : {}),
      ...(typeof status === 'string' ? { status } : {}),
      ...(typeof activityType === 'string' ? { activity: activityType } : {}),
      ...(typeof attempt === 'number' ? { attempt } : {}),
      // An activity's failures carry codes as their messages; see `create-activities.ts`.
      ...(isFailure(error) ? { code: `${error.type}: ${error.message}` } : {}),
    };
    switch (level) {
      case 'ERROR':
        return log.error(message, fields);
      case 'WARN':
        return log.warn(message, fields);
      case 'INFO':
        // The workflow speaks of orders; the rest is the bundler's page-long report and the like.
        return meta.sdkComponent === SdkComponent.workflow
          ? log.info(message, fields)
          : log.debug(message, fields);
      case 'DEBUG':
      case 'TRACE':
        return log.debug(message, fields);
    }
  }

  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}

function isFailure(error: unknown): error is Error & { type: string } {
  return error instanceof Error && 'type' in error && typeof error.type === 'string';
}
