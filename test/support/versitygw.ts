import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { startGoServer } from './go-server.ts';

/** A real S3 server on a folder of its own. */
export interface S3Server {
  readonly url: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Where a folder is a bucket and a file is an object. */
  readonly folder: string;
  close(): Promise<void>;
}

/**
 * Starts versitygw, which is built on first use.
 *
 * @throws {StackError} there is none to be had; says what helps.
 */
export async function startVersitygw(): Promise<S3Server> {
  const credentials = { accessKeyId: 'test-access', secretAccessKey: 'test-secret-of-tests' };
  const bucketsIn = (root: string) => path.join(root, 'buckets');
  const { url, root, close } = await startGoServer({
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
        // Attributes in files of their own: not every temporary folder is on a disk that has them.
        args: ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', sidecar, folder],
        env: {
          ROOT_ACCESS_KEY: credentials.accessKeyId,
          ROOT_SECRET_KEY: credentials.secretAccessKey,
        },
      };
    },
  });
  return { url, region: 'us-east-1', credentials, folder: bucketsIn(root), close };
}
