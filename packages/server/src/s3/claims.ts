import { headerValues, splitTarget, type WireRequest } from '../auth/index.ts'

/** A scope as it stands in a credential, escaped or not: `<key>/<day>/<region>/s3/aws4_request`. Bounded: strangers write it. */
const headerScope = /Credential=[^/,\s]{1,128}\/[^/,\s]{0,16}\/[^/,\s]{0,64}\/s3\//
const queryScope = /(?:^|&)X-Amz-Credential=[^&]{0,256}?(?:\/|%2F)s3(?:\/|%2F)aws4_request(?:&|$)/i
/** S3's signatures of before 2014, which no other service had: refused, but in S3's words. */
const oldHeader = /^AWS [^:\s]+:/
const oldQuery = /(?:^|&)AWSAccessKeyId=/

/**
 * Whether a request is for S3, by the service in its signature's scope: S3's paths are anything, so they tell nothing. What
 * is not signed, or for another service, stays with the fixed paths.
 */
export function claimsRequest(request: WireRequest): boolean {
  const { authorization, query } = signedParts(request)
  if (isOldSignature(request)) return true
  return authorization === undefined ? queryScope.test(query) : headerScope.test(authorization)
}

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
