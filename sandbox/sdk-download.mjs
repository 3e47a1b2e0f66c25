// Downloads Temporal's development server with the Temporal SDK. The SDK downloads it only to start it,
// and a download cannot be cancelled; a separate process can be killed.
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
