/** What a request asks for, by the name under which CloudTrail records it. */
export interface S3Operation {
  readonly name: string
  readonly readOnly: boolean
  readonly category: 'Management' | 'Data'
}

/** What stands in the path: nothing, a bucket, or a bucket and a key. */
export type S3Level = 'service' | 'bucket' | 'object'

/** Bucket settings by their query parameter; `GET ?policy` is GetBucketPolicy, and so on with Put and Delete. */
const bucketSettings: Readonly<Record<string, string>> = {
  accelerate: 'AccelerateConfiguration',
  abac: 'BucketAbac',
  acl: 'BucketAcl',
  analytics: 'BucketAnalyticsConfiguration',
  cors: 'BucketCors',
  encryption: 'BucketEncryption',
  'intelligent-tiering': 'BucketIntelligentTieringConfiguration',
  inventory: 'BucketInventoryConfiguration',
  lifecycle: 'BucketLifecycle',
  location: 'BucketLocation',
  logging: 'BucketLogging',
  metadataConfiguration: 'BucketMetadataConfiguration',
  metadataTable: 'BucketMetadataTableConfiguration',
  metrics: 'BucketMetricsConfiguration',
  notification: 'BucketNotification',
  'object-lock': 'BucketObjectLockConfiguration',
  ownershipControls: 'BucketOwnershipControls',
  policy: 'BucketPolicy',
  policyStatus: 'BucketPolicyStatus',
  publicAccessBlock: 'BucketPublicAccessBlock',
  replication: 'BucketReplication',
  requestPayment: 'BucketRequestPayment',
  tagging: 'BucketTagging',
  versioning: 'BucketVersioning',
  website: 'BucketWebsite',
}
const objectSettings: Readonly<Record<string, string>> = {
  acl: 'ObjectAcl',
  attributes: 'ObjectAttributes',
  'legal-hold': 'ObjectLegalHold',
  retention: 'ObjectRetention',
  tagging: 'ObjectTagging',
  torrent: 'ObjectTorrent',
  encryption: 'ObjectEncryption',
}
const verbs: Readonly<Record<string, string>> = { GET: 'Get', PUT: 'Put', DELETE: 'Delete' }

/** The others, by method and, where there is one, query parameter; the parameter-less form is asked last. */
const bucketCalls: Readonly<Record<string, string>> = {
  'GET uploads': 'ListMultipartUploads',
  'GET versions': 'ListObjectVersions',
  'GET session': 'CreateSession',
  'POST delete': 'DeleteObjects',
  GET: 'ListObjects',
  HEAD: 'HeadBucket',
  PUT: 'CreateBucket',
  DELETE: 'DeleteBucket',
  POST: 'PostObject',
}
const objectCalls: Readonly<Record<string, string>> = {
  'GET uploadId': 'ListParts',
  'POST uploads': 'CreateMultipartUpload',
  'POST uploadId': 'CompleteMultipartUpload',
  'PUT uploadId': 'UploadPart',
  'DELETE uploadId': 'AbortMultipartUpload',
  'PUT renameObject': 'RenameObject',
  'POST restore': 'RestoreObject',
  'POST select': 'SelectObjectContent',
  GET: 'GetObject',
  HEAD: 'HeadObject',
  PUT: 'PutObject',
  DELETE: 'DeleteObject',
}

/** Calls on a bucket that CloudTrail counts as data events: what they show or touch are objects. */
const dataCallsOnBuckets = new Set([
  'CreateSession',
  'DeleteObjects',
  'HeadBucket',
  'ListObjectVersions',
  'ListObjects',
  'PostObject',
])

/**
 * Names any request, also what is not built: each authenticated call is recorded. What S3 has no operation for goes by the
 * name that S3's access logs have for it, for example `REST.POST.SERVICE`.
 */
export function findOperation(
  method: string,
  level: S3Level,
  parameters: ReadonlyMap<string, string>,
  isCopy: boolean,
): S3Operation {
  const name = nameOf(method, level, parameters)
  const copied = isCopy && (name === 'PutObject' ? 'CopyObject' : name === 'UploadPart' ? 'UploadPartCopy' : undefined)
  return describe(copied || name || `REST.${method}.${level.toUpperCase()}`, level, method)
}

function nameOf(method: string, level: S3Level, parameters: ReadonlyMap<string, string>): string | undefined {
  if (level === 'service') return method === 'GET' ? 'ListBuckets' : undefined
  const [settings, calls] = level === 'bucket' ? [bucketSettings, bucketCalls] : [objectSettings, objectCalls]
  for (const parameter of parameters.keys()) {
    if (Object.hasOwn(settings, parameter)) {
      const verb = verbs[method]
      return verb && `${verb}${settings[parameter]}`
    }
    if (Object.hasOwn(calls, `${method} ${parameter}`)) return calls[`${method} ${parameter}`]
  }
  return Object.hasOwn(calls, method) ? calls[method] : undefined
}

const describe = (name: string, level: S3Level, method: string): S3Operation => ({
  name,
  readOnly:
    /^(?:Get|Head|List|Select)/.test(name) || (name.startsWith('REST.') && /^(?:GET|HEAD|OPTIONS)$/.test(method)),
  category: level === 'object' || dataCallsOnBuckets.has(name) ? 'Data' : 'Management',
})
