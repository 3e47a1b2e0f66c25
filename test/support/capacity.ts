import type { Config } from '../../src/process/config.ts';

/** What a worker takes on by default (docs/operations.md, "The worker"). */
export const CAPACITY: Config['worker'] = {
  ...{ workflowSlots: 40, workflowPollers: 10, activitySlots: 200, activityPollers: 10 },
  ...{ cachedWorkflows: 500, stickyTimeoutMs: 10_000 },
};
