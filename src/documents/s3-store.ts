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
import {
  BEFORE_READING,
  limitAnswer,
  nameOfAwsError,
  requestIdentity,
} from '../keys/aws-answers.ts';
import { DocumentMissingError, DocumentStoreError } from './document-errors.ts';
import { checkPrefix, type DocumentStore } from './document-store.ts';

/** Settings of an S3-compatible bucket. */
export interface S3Settings {
  readonly bucket: string;
  /** The URL of the service; undefined: AWS. */
  readonly endpoint: string | undefined;
  readonly region: string;
  /** undefined: the AWS SDK's default credential chain, for example the role of the machine. */
  readonly credentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string }
    | undefined;
}

/**
 * Size of a part of a multipart upload. Each upload holds two parts in memory. S3 allows 10,000 parts, so
 * a document may have 78 GiB.
 */
const PART_BYTES = 8 * 1024 * 1024;
const CONNECT_LIMIT_MS = 5_000;
/** From the first byte of a request, which may carry a part of 8 MiB, to the first byte of its answer. */
const ANSWER_LIMIT_MS = 30_000;
/** Idle time of a connection, whether the service stalls or a client stops reading. */
const IDLE_LIMIT_MS = 60_000;
const ATTEMPTS = 3;
/** The longest answer except a document: a list names at most 1,000 objects, or 1,000 uploads. */
const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Creates a document store in a bucket. A document becomes visible when its upload completes. Up to 8 MiB
 * are uploaded in one request, larger documents as a multipart upload, which is aborted after a failure.
 */
export function createS3Store(settings: S3Settings): DocumentStore {
  const { bucket: Bucket, endpoint, region, credentials } = settings;
  const client = new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle: true,
    maxAttempts: ATTEMPTS,
    // Compatible services may not support checksums in trailers. Documents are authenticated anyway.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_LIMIT_MS,
      requestTimeout: ANSWER_LIMIT_MS,
      throwOnRequestTimeout: true,
      socketTimeout: IDLE_LIMIT_MS,
    },
  });
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        requestIdentity(args);
        const answered = await next(args);
        const { statusCode } = answered.response as { statusCode: number };
        // A document is read in parts, and the first byte after its end does not decrypt.
        const isDocument = commandName === 'GetObjectCommand' && statusCode < 300;
        return isDocument ? answered : limitAnswer(answered, ANSWER_LIMIT_BYTES);
      },
    BEFORE_READING,
  );

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
        const name = nameOfAwsError(error);
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
        // A process that was killed may have left unfinished uploads.
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

/** Keeps only the code of an error: messages of a service quote keys and settings. */
function storeError(error: unknown): DocumentStoreError {
  return new DocumentStoreError(nameOfAwsError(error));
}
