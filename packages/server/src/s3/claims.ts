import { headerValues, splitTarget, type WireRequest } from '../auth/index.ts'

/** A scope as it stands in a credential, escaped or not: `<key>/<day>/<region>/s3/aws4_request`. */
const headerScope = /Credential=[^/,\s]+\/[^/,\s]*\/[^/,\s]*\/s3\//
const queryScope = /(?:^|&)X-Amz-Credential=[^&]*?(?:\/|%2F)s3(?:\/|%2F)aws4_request(?:&|$)/i
/** S3's signatures of before 2014, which no other service had: refused, but in S3's words. */
const oldSignature = /^AWS [^:\s]+:/

/**
 * Whether a request is for S3, by the service in its signature's scope: S3's paths are anything, so they tell nothing. What
 * is not signed, or for another service, stays with the fixed paths.
 */
export function claimsRequest({ target, rawHeaders }: WireRequest): boolean {
  const [authorization] = headerValues(rawHeaders, 'authorization')
  if (authorization !== undefined) return headerScope.test(authorization) || oldSignature.test(authorization)
  return queryScope.test(splitTarget(target).query)
}
