import type { WorkerDeploymentOptions } from '@temporalio/worker';

/**
 * Returns the options with which a worker reports its build. Temporal writes the id into each workflow task,
 * lists it in the search attribute `BuildIds`, and can reset a workflow to where a build first ran.
 *
 * Worker versioning stays off, so the id routes nothing: it would keep every old build running for as long
 * as its orders are open. `patched` and the replay tests keep builds compatible instead (docs/adr/0019).
 *
 * @param buildId see `buildIdOf`.
 */
export function reportedBuild(buildId: string): WorkerDeploymentOptions {
  return { version: { deploymentName: 'rx-orders', buildId }, useWorkerVersioning: false };
}
