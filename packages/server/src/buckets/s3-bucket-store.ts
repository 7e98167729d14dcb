import { createHash } from 'node:crypto'
import { BucketError, type BucketStore, type NewObject } from './bucket-store.ts'
import { checkListing, checkNewObject } from './object-limits.ts'
import { listedPage, objectHead, storedEtag } from './s3-answers.ts'
import { createS3Client, type S3ClientOptions } from './s3-client.ts'
import { checkBucketName, checkPlace } from './s3-names.ts'
import { createPutConditions, type ConditionalPut } from './s3-put-conditions.ts'

export interface S3BucketStoreOptions extends Omit<S3ClientOptions, 'timeoutMs' | 'connectTimeoutMs' | 'callsMax'> {
  readonly conditionalPut: ConditionalPut
  readonly timeoutMs?: number
  readonly connectTimeoutMs?: number
  readonly callsMax?: number
}

/** A file of 50 MB over 10 Mbit/s, and a store that thinks it over. */
const defaultTimeoutMs = 60_000
/** Around the world, with a lost packet that is sent again after 1 and 2 s. */
const defaultConnectTimeoutMs = 5_000
/** Deliveries of a few trails at once; more connections make no store faster. */
const defaultCallsMax = 16

/**
 * Buckets of AWS, or of a store that speaks its protocol. Each call is tried once. Who may do what is a matter of the credentials;
 * the caller's kind decides only about a put's ACL.
 */
export function createS3BucketStore(options: S3BucketStoreOptions): BucketStore {
  const client = createS3Client({
    timeoutMs: defaultTimeoutMs,
    connectTimeoutMs: defaultConnectTimeoutMs,
    callsMax: defaultCallsMax,
    ...options,
  })
  /** A store without ACLs refuses the header; objects are then as private as their bucket. */
  let takesAcls = true

  async function putObject(object: NewObject, isConditional: boolean): Promise<{ etag: string }> {
    const withAcl = object.caller.kind === 'delivery' && takesAcls
    try {
      return await sendPut(object, isConditional, withAcl)
    } catch (error) {
      if (!withAcl || !isAclRefusal(error)) throw error
      takesAcls = false
      return sendPut(object, isConditional, false)
    }
  }

  async function sendPut(object: NewObject, isConditional: boolean, withAcl: boolean): Promise<{ etag: string }> {
    const { bucket, key, body, contentType, contentEncoding, metadata } = object
    const md5 = createHash('md5').update(body).digest()
    const input = {
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentLength: body.length,
      ContentMD5: md5.toString('base64'),
      ...(contentType !== undefined && { ContentType: contentType }),
      ...(contentEncoding !== undefined && { ContentEncoding: contentEncoding }),
      ...(metadata !== undefined && { Metadata: { ...metadata } }),
      ...(withAcl && { ACL: 'bucket-owner-full-control' as const }),
      ...(isConditional && { IfNoneMatch: '*' }),
      ...encryptionInput(object),
    }
    const { output, answer } = await client.call(
      { operation: 'PutObject', bucket, key, isWrite: true },
      (sdk, s3, sending) => s3.send(new sdk.PutObjectCommand(input), sending),
    )
    return { etag: storedEtag(output, answer, md5) }
  }

  const headObject = (bucket: string, key: string) =>
    client.call({ operation: 'HeadObject', bucket, key }, (sdk, s3, sending) =>
      s3.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }), sending),
    )

  async function headBucket(bucket: string): Promise<{ region?: string }> {
    try {
      const { output } = await client.call({ operation: 'HeadBucket', bucket }, (sdk, s3, sending) =>
        s3.send(new sdk.HeadBucketCommand({ Bucket: bucket }), sending),
      )
      return output.BucketRegion === undefined ? {} : { region: output.BucketRegion }
    } catch (error) {
      throw hasCode(error, 'NotFound') ? renamed(error, 'NoSuchBucket') : error
    }
  }

  const conditions = createPutConditions({
    conditionalPut: options.conditionalPut,
    // AWS promises it. What somebody configured has to be seen.
    isKnownToHeed: options.endpoint === undefined,
    put: putObject,
    isTaken: ({ bucket, key }) =>
      headObject(bucket, key).then(
        () => true,
        (error: unknown) => {
          // AccessDenied: credentials that may only put cannot look, and the put is all that is left.
          if (hasCode(error, 'NotFound', 'AccessDenied')) return false
          throw error
        },
      ),
  })

  return {
    supportsConditionalPut: () => conditions.isSupported(),
    async headBucket(bucket) {
      checkBucketName(bucket)
      return headBucket(bucket)
    },
    async policy(bucket) {
      checkBucketName(bucket)
      try {
        const { output } = await client.call({ operation: 'GetBucketPolicy', bucket }, (sdk, s3, sending) =>
          s3.send(new sdk.GetBucketPolicyCommand({ Bucket: bucket }), sending),
        )
        return output.Policy
      } catch (error) {
        if (hasCode(error, 'NoSuchBucketPolicy')) return undefined
        throw error
      }
    },
    async put(object) {
      checkNewObject(object)
      return object.onlyIfAbsent === true ? conditions.putIfAbsent(object) : putObject(object, false)
    },
    async get(bucket, key, { bytesMax }) {
      checkPlace(bucket, key)
      const { output, answer } = await client.call(
        { operation: 'GetObject', bucket, key, bodyBytesMax: bytesMax },
        (sdk, s3, sending) => s3.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }), sending),
      )
      return { ...objectHead(key, output, answer.body.length), body: answer.body }
    },
    async head(bucket, key) {
      checkPlace(bucket, key)
      try {
        const { output } = await headObject(bucket, key)
        return objectHead(key, output, output.ContentLength)
      } catch (error) {
        if (!hasCode(error, 'NotFound')) throw error
        // An answer to HEAD has no body that would tell which of the two is missing.
        await headBucket(bucket)
        throw renamed(error, 'NoSuchKey')
      }
    },
    async list(bucket, options) {
      checkBucketName(bucket)
      const { prefix, after } = options
      const { limit } = checkListing(options)
      const input = {
        Bucket: bucket,
        EncodingType: 'url' as const,
        MaxKeys: limit,
        ...(prefix !== undefined && { Prefix: prefix }),
        ...(after !== undefined && { StartAfter: after }),
      }
      const { output } = await client.call({ operation: 'ListObjectsV2', bucket }, (sdk, s3, sending) =>
        s3.send(new sdk.ListObjectsV2Command(input), sending),
      )
      return listedPage(output)
    },
    close: () => client.close(),
  }
}

/** The object's own ARN S3 adds to the encryption context itself; which trail delivers only we can say. */
function encryptionInput({ encryption, caller }: NewObject) {
  if (!encryption) return {}
  if (encryption.kind === 'AES256') return { ServerSideEncryption: 'AES256' as const }
  const context = caller.kind === 'delivery' && JSON.stringify({ 'aws:cloudtrail:arn': caller.trailArn })
  return {
    ServerSideEncryption: 'aws:kms' as const,
    ...(encryption.keyId !== undefined && { SSEKMSKeyId: encryption.keyId }),
    ...(encryption.bucketKey && { BucketKeyEnabled: true }),
    ...(context && { SSEKMSEncryptionContext: Buffer.from(context).toString('base64') }),
  }
}

const hasCode = (error: unknown, ...codes: readonly string[]): error is BucketError =>
  error instanceof BucketError && codes.includes(error.code)

const renamed = (error: BucketError, code: string): BucketError =>
  new BucketError(code, error.message.replace(error.code, code), { cause: error })

const isAclRefusal = (error: unknown): boolean =>
  hasCode(error, 'AccessControlListNotSupported') ||
  (hasCode(error, 'NotImplemented') && /\bacl\b/i.test(error.message))
