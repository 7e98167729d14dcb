export { lifecycleRulesOf } from './bucket-lifecycle.ts'
export { createS3Front, type S3FrontOptions } from './s3-front.ts'
