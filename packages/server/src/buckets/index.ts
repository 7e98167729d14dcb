export {
  BucketError,
  type BucketCaller,
  type BucketStore,
  type ListedObject,
  type NewObject,
  type ObjectAttributes,
  type ObjectHead,
} from './bucket-store.ts'
export type { CheckDestination, Destination, DestinationFault } from './destination.ts'
export { createBucketRouter, type BucketRoute, type BucketRouter } from './bucket-router.ts'
export { createCheckDestination } from './check-destination.ts'
export { bucketPolicyFault, createLetsDeliver, destinationOf, guardDeliveries } from './delivery-permission.ts'
export { createS3BucketStore, type S3BucketStoreOptions } from './s3-bucket-store.ts'
export { bucketRoutes, type BucketRoutesOptions, type BucketView } from './bucket-routes.ts'
export type { BucketAdministration, BucketDescription, CheckPolicy } from './bucket-administration.ts'
export {
  openDirectoryBucketStore,
  type DirectoryBucketStore,
  type DirectoryBucketStoreOptions,
  type MayPut,
} from './directory-bucket-store.ts'
export { createMemoryBucketStore, type MemoryBucketStoreOptions } from './memory-bucket-store.ts'
export { withFixedBuckets } from './fixed-objects.ts'
export { policyTemplateBuckets, templateBucketName } from './policy-templates.ts'
export { parseExportManifest } from './export-manifest.ts'
export { exportBucket, type ExportedFile, type ExportOptions, type ExportSummary } from './export-bucket.ts'
export { keyBytesMax } from './s3-names.ts'
export { createChecksum } from './body-digests.ts'
export { openMemoryObjectStore } from './memory-object-store.ts'
export { createObjectKeys, type ObjectKeys, type ObjectKeysOptions } from './object-keys.ts'
export type { ApplyLifecycle, LifecycleSummary } from './directory-lifecycle.ts'
export { createLifecycleJob, type LifecycleJobOptions } from './lifecycle-job.ts'
export type { LifecycleFilter, LifecycleRule, LifecycleRules } from './lifecycle-rules.ts'
export type {
  BucketDocument,
  BucketSettings,
  Checksum,
  ChecksumAlgorithm,
  CompleteConditions,
  CompletedPart,
  DefaultRetention,
  Deleted,
  DeleteRequest,
  Encryption,
  ExpectedBody,
  ListedPart,
  ListedContent,
  ListedUpload,
  ListedVersion,
  ListPage,
  MarksPlace,
  ObjectStore,
  ObjectUser,
  OpenObject,
  OpenRequest,
  PartPage,
  PartPlace,
  PartRequest,
  PutRequest,
  RetentionMode,
  StoredPart,
  StoredVersion,
  UploadPlace,
  UploadRequest,
  VersionAttributes,
  VersionHead,
  VersionMarks,
  VersionPlace,
  WriteConditions,
} from './object-store.ts'
