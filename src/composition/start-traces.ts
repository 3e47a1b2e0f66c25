import type { Config } from '../process/config.ts';
import type { Log } from '../process/log.ts';
import { startTracing } from '../tracing/tracer.ts';

/** How often the log says that spans are lost, in milliseconds. */
const REPORT_EVERY_MS = 60_000;

/**
 * Switches tracing on if a collector is configured. Call it before the process is built.
 *
 * @param service the name of the process in traces.
 * @returns a function that sends the last spans.
 */
export async function startTraces(
  service: string,
  settings: Config['tracing'],
  log: Log,
): Promise<() => Promise<void>> {
  if (settings === undefined) return async () => {};
  const { createOtlpExporter } = await import('../tracing/otlp-exporter.ts');
  let reportedAt = -Infinity;
  const exporter = createOtlpExporter({
    ...settings,
    service,
    onError(code) {
      if (performance.now() - reportedAt < REPORT_EVERY_MS) return;
      reportedAt = performance.now();
      log.warn('the collector of traces takes no spans', { code });
    },
  });
  startTracing(exporter.export);
  return () => exporter.close();
}
