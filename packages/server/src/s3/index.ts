export { type OwnedBucket } from './bucket-answers.ts'
export { type BucketOwners } from './dispatch.ts'
export { createS3Front, type S3FrontOptions } from './s3-front.ts'
