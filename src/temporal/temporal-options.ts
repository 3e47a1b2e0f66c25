/**
 * How a backend reaches Temporal: the options of the SDK's `ConnectionOptions` that it needs, under the
 * same names. They are written out here so that a strict program which imports rx-orders does not
 * compile the SDK's types.
 */
export interface TemporalOptions {
  /** `host:port` of the frontend service. */
  readonly address: string;
  /** The namespace of the orders. Default `default`. */
  readonly namespace?: string;
  /** The base URL of the Temporal UI, for links to an order. */
  readonly uiUrl?: string;
  /** TLS: `true` for the system's certificate authorities, or your own certificates. Default: no TLS. */
  readonly tls?:
    | boolean
    | null
    | {
        /** The host name that the server's certificate must match, if it is not that of `address`. */
        readonly serverNameOverride?: string;
        /** The certificate authority of the server, as PEM. */
        readonly serverRootCACertificate?: Uint8Array;
        /** The certificate and private key of this client, as PEM. */
        readonly clientCertPair?: { readonly crt: Uint8Array; readonly key: Uint8Array };
      };
  /** The API key of Temporal Cloud, or a function that returns the current one. */
  readonly apiKey?: string | (() => string);
  /** gRPC headers of every request. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Time limit for a connection attempt, in milliseconds. Default 10,000. */
  readonly connectTimeout?: number;
}
