import path from 'node:path';
import { type GoProgram, type GoServer, startGoServer } from './go-server.ts';

/** A server that implements the protocol of AWS KMS, with its own keys. */
export interface KmsServer extends Pick<GoServer, 'url' | 'close'> {
  readonly region: string;
  /** Credentials; the server accepts any. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const REGION = 'eu-west-2';

const settings = (port: number, root: string) => ({
  args: [],
  env: {
    PORT: String(port),
    KMS_REGION: REGION,
    KMS_DATA_PATH: path.join(root, 'keys'),
    KMS_SEED_PATH: path.join(root, 'none'),
  },
});

export const LOCAL_KMS: GoProgram = {
  name: 'local-kms',
  version: 'v0.0.0-20260228092603-2a5e92d09ab6',
  module: 'github.com/nsmithuk/local-kms',
  role: 'a KMS',
  // It has no version option; with an invalid port it reports the error and exits.
  probe: (root) => settings(-1, root),
  isIt: ({ output }) => output.includes('Local KMS'),
  serve: settings,
};

/**
 * Starts local-kms, which is built on first use.
 *
 * @throws {StackError} local-kms cannot be built; the message says what to do.
 */
export async function startLocalKms(): Promise<KmsServer> {
  const { url, close } = await startGoServer(LOCAL_KMS);
  const credentials = { accessKeyId: 'test-access', secretAccessKey: 'test-secret-of-tests' };
  return { url, region: REGION, credentials, close };
}
