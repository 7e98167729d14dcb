import type { AccountId } from '@opentrail/core/event'
import type { CallName, Exchange } from '../http/index.ts'
import type { ApiCall } from '../selftrail/index.ts'
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
  about: { readonly owner: AccountId | undefined; readonly hostId: string; readonly bytesOut: number },
): Partial<ApiCall> {
  const resources = resourcesOf(request, about.owner)
  return {
    // S3 writes the agent in brackets; who searches records by it knows it so.
    userAgent: `[${exchange.userAgent}]`,
    requestParameters: requestParameters(exchange, request),
    keepsParameterNames: true,
    additionalEventData: {
      SignatureVersion: 'SigV4',
      ...(exchange.tls?.cipherSuite !== undefined && { CipherSuite: exchange.tls.cipherSuite }),
      bytesTransferredIn: 0,
      AuthenticationMethod: signatureForm(exchange) === 'presigned' ? 'QueryString' : 'AuthHeader',
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
const recordedHeaders = ['x-amz-acl', 'x-amz-copy-source', 'x-amz-expected-bucket-owner', 'x-amz-request-payer']

/** `bucketName`, `Host`, `key`, then what the query and the headers say, each under its own name. */
function requestParameters(exchange: Exchange, request: S3Request): Record<string, string> {
  const { bucket, key, host, parameters } = request
  const headers = recordedHeaders.flatMap((name) => {
    const value = exchange.header(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  const sent = [...parameters].filter(([name]) => !isSecret(name))
  // Last, so that nothing that was sent can take their place.
  return {
    ...Object.fromEntries([...sent, ...headers]),
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
