import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type GoProgram, startGoServer } from './go-server.ts';

/** An S3 server on a temporary folder. */
export interface S3Server {
  readonly url: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The folder whose subfolders are buckets and whose files are objects. */
  readonly folder: string;
  close(): Promise<void>;
}

const CREDENTIALS = { accessKeyId: 'test-access', secretAccessKey: 'test-secret-of-tests' };
/** The folder whose subfolders are the buckets of a server on the folder `root`. */
export const bucketsIn = (root: string) => path.join(root, 'buckets');

export const VERSITYGW: GoProgram = {
  name: 'versitygw',
  version: 'v1.8.0',
  module: 'github.com/versity/versitygw/cmd/versitygw',
  role: 'an S3 server',
  probe: () => ({ args: ['--version'], env: {} }),
  isIt: ({ code }) => code === 0,
  async serve(port, root) {
    const [folder, sidecar] = [bucketsIn(root), path.join(root, 'attributes')];
    await Promise.all([mkdir(folder), mkdir(sidecar)]);
    return {
      // Stores attributes in separate files, because not every file system has extended attributes.
      args: ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', sidecar, folder],
      env: {
        ROOT_ACCESS_KEY: CREDENTIALS.accessKeyId,
        ROOT_SECRET_KEY: CREDENTIALS.secretAccessKey,
      },
    };
  },
};

/**
 * Starts versitygw, which is built on first use.
 *
 * @throws {StackError} versitygw cannot be built; the message says what to do.
 */
export async function startVersitygw(): Promise<S3Server> {
  const { url, root, close } = await startGoServer(VERSITYGW);
  return { url, region: 'us-east-1', credentials: CREDENTIALS, folder: bucketsIn(root), close };
}
