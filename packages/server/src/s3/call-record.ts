import type { AccountId } from '@opentrail/core/event'
import type { CallName, Exchange } from '../http/index.ts'
import type { ApiCall } from '../selftrail/index.ts'
import { isAnonymous } from './claims.ts'
import type { S3Operation } from './s3-operations.ts'
import type { S3Request } from './s3-request.ts'

const eventSource = 's3.amazonaws.com'

export const callName = ({ name, readOnly, category }: S3Operation): CallName => ({
  eventSource,
  eventName: name,
  readOnly,
  category,
})

/** What the call's record says of S3's own, as records of AWS have it. */
export function s3Fields(
  exchange: Exchange,
  request: S3Request,
  about: {
    readonly owner: AccountId | undefined
    readonly hostId: string
    readonly bytesIn: number
    readonly bytesOut: number
    /** What the body asks for. */
    readonly noted: Readonly<Record<string, unknown>>
    readonly responseElements: Readonly<Record<string, string>> | undefined
  },
): Partial<ApiCall> {
  const resources = resourcesOf(request, about.owner)
  const isSigned = !isAnonymous(exchange.wire)
  return {
    // S3 writes the agent in brackets; who searches records by it knows it so.
    userAgent: `[${exchange.userAgent}]`,
    requestParameters: requestParameters(exchange, request, about.noted),
    ...(about.responseElements && { responseElements: about.responseElements }),
    keepsParameterNames: true,
    additionalEventData: {
      ...(isSigned && { SignatureVersion: 'SigV4' }),
      ...(exchange.tls?.cipherSuite !== undefined && { CipherSuite: exchange.tls.cipherSuite }),
      bytesTransferredIn: about.bytesIn,
      ...(isSigned && {
        AuthenticationMethod: signatureForm(exchange) === 'presigned' ? 'QueryString' : 'AuthHeader',
      }),
      'x-amz-id-2': about.hostId,
      bytesTransferredOut: about.bytesOut,
    },
    ...(resources.length > 0 && { resources }),
  }
}

export const signatureForm = (exchange: Exchange): 'header' | 'presigned' =>
  exchange.header('authorization') === undefined ? 'presigned' : 'header'

/** A signature in the query is a credential for as long as it is valid: it has no place in a record. */
const isSecret = (name: string): boolean => /^x-amz-(?:signature|credential|security-token)$/i.test(name)
/** Headers that say what is wanted; the others say how it is sent. */
const recordedHeaders = [
  'x-amz-acl',
  'x-amz-bucket-object-lock-enabled',
  'x-amz-bypass-governance-retention',
  'x-amz-copy-source',
  'x-amz-copy-source-range',
  'x-amz-expected-bucket-owner',
  'x-amz-metadata-directive',
  'x-amz-object-lock-legal-hold',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-ownership',
  'x-amz-request-payer',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
  'x-amz-tagging-directive',
]
/** As much of a body as a record has room for. */
const notedCharsMax = 65_536

/** `bucketName`, `Host`, `key`, then what the query and the headers say, each under its own name. */
function requestParameters(
  exchange: Exchange,
  request: S3Request,
  noted: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { bucket, key, host, parameters } = request
  const headers = recordedHeaders.flatMap((name) => {
    const value = exchange.header(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  const sent = [...parameters].filter(([name]) => !isSecret(name))
  // Last, so that nothing that was sent can take their place.
  return {
    ...Object.fromEntries([...sent, ...headers]),
    ...(JSON.stringify(noted).length <= notedCharsMax && noted),
    ...(bucket !== undefined && { bucketName: bucket }),
    Host: host,
    ...(key !== undefined && { key }),
  }
}

/** A bucket that nobody owns is not there and no resource either. */
function resourcesOf(request: S3Request, owner: AccountId | undefined): NonNullable<ApiCall['resources']> {
  const { bucket, key, operation, parameters } = request
  if (bucket === undefined || owner === undefined) return []
  const arn = `arn:aws:s3:::${bucket}`
  const bucketResource = { accountId: owner, type: 'AWS::S3::Bucket', ARN: arn }
  if (operation.category === 'Management') return [bucketResource]
  const type = 'AWS::S3::Object'
  const prefix = parameters.get('prefix') ?? ''
  return [bucketResource, key === undefined ? { type, ARNPrefix: `${arn}/${prefix}` } : { type, ARN: `${arn}/${key}` }]
}

/** Headers of an answer that CloudTrail keeps of a call that changed something. */
const recordedAnswers = /^x-amz-(?:server-side-encryption|version-id|delete-marker|copy-source-version-id)/

/** Undefined of a call that only reads, or says nothing. */
export function responseElements(
  { readOnly }: S3Operation,
  headers: Readonly<Record<string, string>> = {},
): Record<string, string> | undefined {
  const kept = Object.entries(headers).filter(([name]) => recordedAnswers.test(name))
  return readOnly || kept.length === 0 ? undefined : Object.fromEntries(kept)
}
