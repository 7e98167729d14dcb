import { CreateBucket, DeleteBucket, GetBucketLocation, HeadBucket, ListBuckets } from './bucket-calls.ts'
import { DeleteBucketLifecycle, GetBucketLifecycle, PutBucketLifecycle } from './bucket-lifecycle.ts'
import { DeleteBucketPolicy, GetBucketPolicy, GetBucketPolicyStatus, PutBucketPolicy } from './bucket-policy.ts'
import * as settings from './bucket-settings.ts'
import { CopyObject } from './copy-object.ts'
import { DeleteObject, DeleteObjects } from './delete-objects.ts'
import { GetObject, HeadObject } from './get-object.ts'
import { ListObjects } from './list-objects.ts'
import { ListMultipartUploads } from './list-uploads.ts'
import { ListObjectVersions } from './list-versions.ts'
import {
  AbortMultipartUpload,
  CompleteMultipartUpload,
  CreateMultipartUpload,
  ListParts,
  UploadPart,
  UploadPartCopy,
} from './multipart.ts'
import * as object from './object-settings.ts'
import { PutObject } from './put-object.ts'
import type { S3Handler } from './s3-call.ts'
import { unsetSettings } from './unset-settings.ts'

/** The calls that are built, by the names that they are recorded under. */
export const handlers: ReadonlyMap<string, S3Handler> = new Map(
  Object.entries({
    ...unsetSettings,
    AbortMultipartUpload,
    CompleteMultipartUpload,
    CopyObject,
    CreateBucket,
    CreateMultipartUpload,
    DeleteBucket,
    DeleteBucketEncryption: settings.DeleteBucketEncryption,
    DeleteBucketLifecycle,
    DeleteBucketOwnershipControls: settings.DeleteBucketOwnershipControls,
    DeleteBucketPolicy,
    DeleteBucketPublicAccessBlock: settings.DeleteBucketPublicAccessBlock,
    DeleteBucketTagging: settings.DeleteBucketTagging,
    DeleteObject,
    DeleteObjects,
    DeleteObjectTagging: object.DeleteObjectTagging,
    GetBucketAcl: settings.GetBucketAcl,
    GetBucketEncryption: settings.GetBucketEncryption,
    GetBucketLifecycle,
    GetBucketLocation,
    GetBucketObjectLockConfiguration: settings.GetBucketObjectLockConfiguration,
    GetBucketOwnershipControls: settings.GetBucketOwnershipControls,
    GetBucketPolicy,
    GetBucketPolicyStatus,
    GetBucketPublicAccessBlock: settings.GetBucketPublicAccessBlock,
    GetBucketTagging: settings.GetBucketTagging,
    GetBucketVersioning: settings.GetBucketVersioning,
    GetObject,
    GetObjectAcl: object.GetObjectAcl,
    GetObjectAttributes: object.GetObjectAttributes,
    GetObjectLegalHold: object.GetObjectLegalHold,
    GetObjectRetention: object.GetObjectRetention,
    GetObjectTagging: object.GetObjectTagging,
    HeadBucket,
    HeadObject,
    ListBuckets,
    ListMultipartUploads,
    ListObjects,
    ListObjectVersions,
    ListParts,
    PutBucketAcl: settings.PutBucketAcl,
    PutBucketEncryption: settings.PutBucketEncryption,
    PutBucketLifecycle,
    PutBucketObjectLockConfiguration: settings.PutBucketObjectLockConfiguration,
    PutBucketOwnershipControls: settings.PutBucketOwnershipControls,
    PutBucketPolicy,
    PutBucketPublicAccessBlock: settings.PutBucketPublicAccessBlock,
    PutBucketTagging: settings.PutBucketTagging,
    PutBucketVersioning: settings.PutBucketVersioning,
    PutObject,
    PutObjectAcl: object.PutObjectAcl,
    PutObjectLegalHold: object.PutObjectLegalHold,
    PutObjectRetention: object.PutObjectRetention,
    PutObjectTagging: object.PutObjectTagging,
    UploadPart,
    UploadPartCopy,
  } satisfies Record<string, S3Handler>),
)
