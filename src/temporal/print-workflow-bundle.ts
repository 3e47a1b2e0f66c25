import { DefaultLogger } from '@temporalio/worker';
import { bundleWorkflows } from './bundle-workflows.ts';

// Prints the bundle of the workflows: `node dist/src/temporal/print-workflow-bundle.js > dist/src/workflow-bundle.js`.

const { code } = await bundleWorkflows(new DefaultLogger('WARN'));
process.stdout.write(code);
