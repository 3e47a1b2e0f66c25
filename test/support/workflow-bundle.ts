import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { WorkflowBundle } from '@temporalio/worker';
import { inject } from 'vitest';
import { bundleWorkflows } from '../../src/temporal/bundle-workflows.ts';
import { createSdkLog } from '../../src/temporal/sdk-log.ts';
import { createKeptLog } from './logs.ts';
import { PRESENT_WORKFLOWS } from './workflow-version.ts';

const bundles = new Map<string, Promise<WorkflowBundle>>();

/**
 * Returns the bundle of the workflows. All test files share that of the current workflows, because
 * making one takes seconds of CPU time.
 *
 * @param workflowsPath the version of the workflows.
 */
export function workflowBundle(workflowsPath = PRESENT_WORKFLOWS): Promise<WorkflowBundle> {
  let bundle = bundles.get(workflowsPath);
  if (bundle === undefined) {
    bundle = workflowsPath === PRESENT_WORKFLOWS ? sharedBundle() : newBundle(workflowsPath);
    bundles.set(workflowsPath, bundle);
  }
  return bundle;
}

async function sharedBundle(): Promise<WorkflowBundle> {
  const file = path.join(inject('compiled'), 'workflow-bundle.js');
  const code = await readFile(file, 'utf8').catch(() => undefined);
  if (code !== undefined) return { code };
  const bundle = await newBundle(PRESENT_WORKFLOWS);
  // The rename is atomic, so no other test file reads half a bundle.
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, bundle.code);
  await rename(unfinished, file);
  return bundle;
}

function newBundle(workflowsPath: string): Promise<WorkflowBundle> {
  return bundleWorkflows(createSdkLog(createKeptLog()), workflowsPath);
}
