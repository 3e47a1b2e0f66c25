import { DefaultFailureConverter } from '@temporalio/common';

// Loaded by the SDK, in the process and inside the workflows' bundle, by the name that it expects.

/** Moves messages and stacks of failures into payloads, which the codec encrypts. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
