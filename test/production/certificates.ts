import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Shell } from '../deployment/shell.ts';

/** The files of an authority and of two certificates that it signed, in PEM. */
export interface Certificates {
  readonly authority: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/**
 * Makes an authority and the certificates of Temporal's frontend and of its clients with openssl.
 *
 * @param folder an existing folder.
 */
export async function makeCertificates(shell: Shell, folder: string): Promise<Certificates> {
  const file = (name: string) => path.join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await shell('openssl', [
    ...['req', '-x509', ...key, '-days', '2', '-subj', '/CN=authority of the test'],
    ...['-keyout', file('authority-key.pem'), '-out', file('authority.pem')],
  ]);
  const signed = async (name: string, extensions: string) => {
    const files = { cert: file(`${name}.pem`), key: file(`${name}-key.pem`) };
    const [request, options] = [file(`${name}.csr`), file(`${name}.ext`)];
    await writeFile(options, extensions);
    await shell('openssl', [
      ...['req', ...key, '-subj', `/CN=${name}`, '-keyout', files.key, '-out', request],
    ]);
    await shell('openssl', [
      ...['x509', '-req', '-in', request, '-out', files.cert, '-days', '2', '-extfile', options],
      ...['-CA', file('authority.pem'), '-CAkey', file('authority-key.pem'), '-CAcreateserial'],
    ]);
    return files;
  };
  return {
    authority: file('authority.pem'),
    // Temporal's own worker is a client of the frontend, and shows the server's certificate.
    server: await signed('temporal', 'subjectAltName=DNS:temporal.internal\n'),
    client: await signed('rx-orders', 'extendedKeyUsage=clientAuth\n'),
  };
}
