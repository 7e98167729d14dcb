import { headerValues, splitTarget, type WireRequest } from '../auth/index.ts'
import { signedService } from '../http/index.ts'

/** S3's signatures of before 2014, which no other service had: refused, but in S3's words. */
const oldHeader = /^AWS [^:\s]+:/
const oldQuery = /(?:^|&)AWSAccessKeyId=/

/**
 * Whether a request is for S3, by the service in its signature's scope: S3's paths are anything, so they tell nothing. What
 * is not signed, or for another service, stays with the fixed paths.
 */
export const claimsRequest = (request: WireRequest): boolean =>
  signedService(request) === 's3' || isOldSignature(request)

/** Version 2: without a scope, and so without a Region. Some clients still presign so (`aws s3 presign` of version 1). */
export function isOldSignature(request: WireRequest): boolean {
  const { authorization, query } = signedParts(request)
  return authorization === undefined ? oldQuery.test(query) : oldHeader.test(authorization)
}

/** No signature of any service or kind. */
export function isAnonymous(request: WireRequest): boolean {
  const { authorization, query } = signedParts(request)
  return authorization === undefined && !anySignature.test(query)
}
const anySignature = /(?:^|&)(?:X-Amz-(?:Algorithm|Credential|Signature)|AWSAccessKeyId|Signature)=/i

function signedParts({ target, rawHeaders }: WireRequest) {
  const [authorization] = headerValues(rawHeaders, 'authorization')
  return { authorization, query: splitTarget(target).query }
}
