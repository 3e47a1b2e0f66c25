import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { DocumentMissingError, DocumentStoreError } from './document-errors.ts';
import { checkPrefix, type DocumentStore } from './document-store.ts';

/** An S3-compatible bucket. */
export interface S3Settings {
  readonly bucket: string;
  /** The service's URL; undefined for AWS itself. */
  readonly endpoint: string | undefined;
  readonly region: string;
  /** undefined: found as AWS's SDK finds them, e.g. those of the machine's role. */
  readonly credentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string }
    | undefined;
}

/** Two of them are in memory for each upload; 10,000 at most make a document: 78 GiB. */
const PART_BYTES = 8 * 1024 * 1024;
const CONNECT_LIMIT_MS = 5_000;
/** From a request's first byte, of a part of 8 MiB too, to the answer's. */
const ANSWER_LIMIT_MS = 30_000;
/** A connection on which nothing moves, be it for the service or for a client that reads nothing. */
const IDLE_LIMIT_MS = 60_000;
const ATTEMPTS = 3;

/**
 * A document store in a bucket. A document appears when its upload is completed: one request up to
 * 8 MiB, a multipart upload beyond, which is aborted when it cannot be.
 */
export function createS3Store(settings: S3Settings): DocumentStore {
  const { bucket: Bucket, endpoint, region, credentials } = settings;
  const client = new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle: true,
    maxAttempts: ATTEMPTS,
    // Services that are only compatible know no checksums in trailers; documents carry their own.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_LIMIT_MS,
      requestTimeout: ANSWER_LIMIT_MS,
      throwOnRequestTimeout: true,
      socketTimeout: IDLE_LIMIT_MS,
    },
  });

  return {
    async put(key, bytes) {
      let broken: { readonly reason: unknown } | undefined;
      async function* watched(): AsyncGenerator<Uint8Array> {
        try {
          yield* bytes;
        } catch (reason) {
          broken = { reason };
          throw reason;
        }
      }
      const Body = Readable.from(watched(), { objectMode: false });
      const params = { Bucket, Key: key, Body };
      try {
        await new Upload({ client, params, partSize: PART_BYTES, queueSize: 1 }).done();
      } catch (error) {
        throw broken === undefined ? storeError(error) : broken.reason;
      } finally {
        Body.destroy();
      }
    },

    async open(key, range) {
      const Range = range && `bytes=${range.start}-${range.end}`;
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key, Range }));
        if (!(Body instanceof Readable)) throw new Error('the answer has no body');
        return Body;
      } catch (error) {
        const name = nameOf(error);
        if (name === 'NoSuchKey') throw new DocumentMissingError(`no document ${key}`);
        if (name === 'InvalidRange') return Readable.from([]);
        throw storeError(error);
      }
    },

    async remove(key) {
      try {
        await client.send(new DeleteObjectCommand({ Bucket, Key: key }));
      } catch (error) {
        throw storeError(error);
      }
    },

    async removeAll(Prefix) {
      checkPrefix(Prefix);
      try {
        for await (const { Contents } of paginateListObjectsV2({ client }, { Bucket, Prefix })) {
          for (const { Key } of Contents ?? []) {
            await client.send(new DeleteObjectCommand({ Bucket, Key }));
          }
        }
        // What a process that was killed was uploading.
        const begun = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }));
        for (const { Key, UploadId } of begun.Uploads ?? []) {
          await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
        }
      } catch (error) {
        throw storeError(error);
      }
    },
  };
}

/** What the service, the SDK or the system calls an error: a code in each case. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Unknown';
  const system = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return /^\w{1,64}$/.test(error.name) && error.name !== 'Error' ? error.name : system;
}

/** Keeps the code alone: messages of a service quote keys and settings. */
function storeError(error: unknown): DocumentStoreError {
  return new DocumentStoreError(nameOf(error));
}
