// Has the Temporal SDK download its development server. The SDK does that only to start one, and cannot
// be interrupted: so this is a process of its own.
//
//   node sdk-download.mjs <folder> <version>

import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir, version] = process.argv.slice(2);
try {
  const executable = { type: 'cached-download', downloadDir, version };
  const server = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await server.teardown();
} catch (error) {
  console.error(`reason: ${error.message}`);
  process.exitCode = 1;
}
