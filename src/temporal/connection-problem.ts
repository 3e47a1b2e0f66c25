import { temporalCode } from './call-with-timeout.ts';

/** Why a connection to Temporal cannot be opened or used. */
export interface ConnectionProblem {
  /** A stable code. */
  readonly code: string;
  /** What an operator may check. */
  readonly advice: string;
}

/*
 * The SDK's core gives only the text of its Rust error. These are the parts of it that name a cause: errors of the
 * operating system, of rustls (`rustls::Error`) and of HTTP/2.
 */
const CAUSES: readonly [sign: RegExp, code: string, advice: string][] = [
  [/ConnectionRefused/, 'ECONNREFUSED', 'nothing listens on this address'],
  [/dns error/, 'ENOTFOUND', 'the name of the host cannot be resolved'],
  [/TimedOut|timed out/i, 'ETIMEDOUT', 'the host does not answer'],
  [
    /InvalidCertificate\((?:Other\(OtherError\()?(\w+)/,
    'TLS_CERTIFICATE',
    'the certificate of Temporal is not accepted: check TEMPORAL_TLS_SERVER_CA_CERT_PATH and TEMPORAL_TLS_SERVER_NAME',
  ],
  [
    /AlertReceived\((\w+)/,
    'TLS_ALERT',
    'Temporal ends the TLS connection: it may require a client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH)',
  ],
  [
    /InvalidMessage\(/,
    'TLS_NOT_SPOKEN',
    'TLS is configured, but what listens on this address does not speak it',
  ],
  [
    // What listens there may answer in another protocol, reset the connection or close it: all three mean the same.
    /FRAME_SIZE_ERROR|BrokenPipe|http2 error|ConnectionReset|hyper::Error\(Canceled/,
    'GRPC_NOT_SPOKEN',
    'what listens on this address does not speak gRPC without TLS: set TEMPORAL_TLS=true if it is Temporal',
  ],
  [
    /NamespaceNotFound|Namespace \S+ is not found/,
    'NAMESPACE_NOT_FOUND',
    'it has no such namespace: create it, or check TEMPORAL_NAMESPACE',
  ],
  [/Unauthenticated/, 'UNAUTHENTICATED', 'check TEMPORAL_API_KEY'],
  [/PermissionDenied|permission/i, 'PERMISSION_DENIED', 'check TEMPORAL_API_KEY and the namespace'],
];

/** Names the cause of the error with which the SDK could not open a connection or create a worker. */
export function connectionProblem(error: unknown): ConnectionProblem {
  const text = error instanceof Error ? error.message : '';
  for (const [sign, code, advice] of CAUSES) {
    const found = sign.exec(text);
    if (found === null) continue;
    // Such as TLS_CERTIFICATE_UNKNOWN_ISSUER.
    const detail = found[1]?.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
    return { code: detail === undefined ? code : `${code}_${detail}`, advice };
  }
  return { code: temporalCode(error), advice: 'it does not answer' };
}
