import { SdkComponent } from '@temporalio/common';
import type { Logger, LogLevel, LogMetadata } from '@temporalio/worker';
import type { Log } from '../process/log.ts';

/**
 * Creates a logger that forwards the SDK's messages with an allow-list of metadata: ids, types and
 * counts. The SDK also passes errors and sometimes payloads, which may hold patient data.
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
      // The messages of activity failures are codes without patient data; see `create-activities.ts`.
      ...(isFailure(error) ? { code: `${error.type}: ${error.message}` } : {}),
    };
    switch (level) {
      case 'ERROR':
        return log.error(message, fields);
      case 'WARN':
        return log.warn(message, fields);
      case 'INFO':
        // Workflows log events of orders; other components log noise such as the bundler's report.
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
