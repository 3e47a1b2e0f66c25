import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Moves messages and stack traces of failures into payloads, so that the codec encrypts them. The SDK
 * loads this module by path, in the process and inside the workflow bundle, and expects this name.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
