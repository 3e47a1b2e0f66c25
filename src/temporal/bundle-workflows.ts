import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type Logger, type WorkflowBundle } from '@temporalio/worker';
import { FAILURE_CONVERTER_PATH } from './data-converter.ts';

const WORKFLOWS = fileURLToPath(
  new URL(`../workflows/all${path.extname(import.meta.url)}`, import.meta.url),
);

/**
 * Bundles the workflows together with the failure converter that runs inside them.
 *
 * @param workflowsPath the module to bundle; tests pass other versions of the workflows.
 */
export function bundleWorkflows(
  logger: Logger,
  workflowsPath: string = WORKFLOWS,
): Promise<WorkflowBundle> {
  return bundleWorkflowCode({
    workflowsPath,
    failureConverterPath: FAILURE_CONVERTER_PATH,
    logger,
  });
}
