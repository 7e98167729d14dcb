import { checkNewPolicy, type CheckPolicy } from './bucket-administration.ts'
import { BucketError } from './bucket-store.ts'
import type { BucketRecord } from './directory-records.ts'
import type { BucketSettings } from './object-store.ts'

/** Of one document: S3's largest are lifecycles of 1,000 rules. */
const documentBytesMax = 1024 * 1024
/** As S3: of a bucket. */
const tagsMax = 50

export function settingsOf(name: string, record: BucketRecord): BucketSettings {
  const { owner, region, createdAt, policy, documents, ...rest } = record
  return {
    description: { name, owner, region, createdAt },
    documents: { ...documents, ...(policy !== undefined && { policy }) },
    ...rest,
  }
}

/** @throws {BucketError} InvalidBucketState, MalformedPolicy, InvalidArgument */
export function changedRecord(
  bucket: string,
  before: BucketRecord,
  after: BucketSettings,
  checkPolicy: CheckPolicy | undefined,
): BucketRecord {
  const { policy, ...documents } = after.documents
  if (policy !== before.policy) checkNewPolicy(bucket, policy, checkPolicy)
  for (const [name, text] of Object.entries(documents))
    if (Buffer.byteLength(text ?? '') > documentBytesMax)
      throw new BucketError('InvalidArgument', `the ${name} of a bucket has at most ${documentBytesMax} bytes`)
  if (Object.keys(after.tags ?? {}).length > tagsMax)
    throw new BucketError('InvalidTag', `a bucket has at most ${tagsMax} tags`)
  checkVersioning(before, after)
  const { owner, region, createdAt } = before
  const { versioning, objectLock, tags, encryption } = after
  return {
    owner,
    region,
    createdAt,
    ...(policy !== undefined && { policy }),
    ...(Object.keys(documents).length > 0 && { documents }),
    ...(versioning && { versioning }),
    ...(objectLock && { objectLock }),
    ...(tags && { tags }),
    ...(encryption && { encryption }),
  }
}

function checkVersioning(before: BucketRecord, { versioning, objectLock }: BucketSettings): void {
  if (before.versioning && !versioning)
    throw new BucketError('InvalidBucketState', 'versions of a bucket can be suspended, and not be switched off')
  if (before.objectLock && !objectLock)
    throw new BucketError('InvalidBucketState', 'Object Lock cannot be switched off')
  if (objectLock && versioning !== 'Enabled')
    throw new BucketError('InvalidBucketState', 'Object Lock needs versioning, which cannot be suspended then')
}
