import type { S3Request } from './s3-request.ts'

/**
 * IAM's names where they differ from the operation's. A pair: without and with `versionId`.
 * Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
 */
const actions: Readonly<Record<string, string | readonly [string, string]>> = {
  CompleteMultipartUpload: 'PutObject',
  CopyObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
  DeleteBucketEncryption: 'PutEncryptionConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  DeleteBucketOwnershipControls: 'PutBucketOwnershipControls',
  DeleteBucketPublicAccessBlock: 'PutBucketPublicAccessBlock',
  DeleteBucketTagging: 'PutBucketTagging',
  DeleteBucketCors: 'PutBucketCORS',
  DeleteBucketReplication: 'PutReplicationConfiguration',
  DeleteObject: ['DeleteObject', 'DeleteObjectVersion'],
  DeleteObjectTagging: ['DeleteObjectTagging', 'DeleteObjectVersionTagging'],
  GetAccelerateConfiguration: 'GetAccelerateConfiguration',
  GetBucketAnalyticsConfiguration: 'GetAnalyticsConfiguration',
  GetBucketCors: 'GetBucketCORS',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  GetBucketIntelligentTieringConfiguration: 'GetIntelligentTieringConfiguration',
  GetBucketInventoryConfiguration: 'GetInventoryConfiguration',
  GetBucketLifecycle: 'GetLifecycleConfiguration',
  GetBucketMetricsConfiguration: 'GetMetricsConfiguration',
  GetBucketReplication: 'GetReplicationConfiguration',
  GetObject: ['GetObject', 'GetObjectVersion'],
  GetObjectAcl: ['GetObjectAcl', 'GetObjectVersionAcl'],
  GetObjectAttributes: ['GetObject', 'GetObjectVersion'],
  GetObjectTagging: ['GetObjectTagging', 'GetObjectVersionTagging'],
  HeadBucket: 'ListBucket',
  HeadObject: ['GetObject', 'GetObjectVersion'],
  ListBuckets: 'ListAllMyBuckets',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  ListObjectVersions: 'ListBucketVersions',
  ListObjects: 'ListBucket',
  ListParts: 'ListMultipartUploadParts',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  PutBucketLifecycle: 'PutLifecycleConfiguration',
  PutBucketCors: 'PutBucketCORS',
  PutBucketReplication: 'PutReplicationConfiguration',
  PutObjectAcl: ['PutObjectAcl', 'PutObjectVersionAcl'],
  PutObjectTagging: ['PutObjectTagging', 'PutObjectVersionTagging'],
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
}

/** Judged object by object, once the body is read. */
const judgedLater = new Set(['DeleteObjects'])

/** The action that a call needs first, for example `s3:GetObjectVersion`; undefined: its handler asks for each object. */
export function actionOf({ operation, parameters }: S3Request): string | undefined {
  if (judgedLater.has(operation.name)) return undefined
  const named = Object.hasOwn(actions, operation.name) ? actions[operation.name] : undefined
  const action =
    typeof named === 'object' ? named[(parameters.get('versionId') ?? '') === '' ? 0 : 1] : (named ?? operation.name)
  return `s3:${action}`
}

/** What an identity policy for reading allows. */
export const isReading = (action: string): boolean => /^s3:(?:Get|List)/.test(action)
