import { headerValues, splitTarget, type WireRequest } from '../../auth/index.ts'

/** A scope as it stands in a credential: `<key>/<day>/<region>/kms/aws4_request`. Bounded: strangers write it. */
const headerScope = /Credential=[^/,\s]{1,128}\/[^/,\s]{0,16}\/[^/,\s]{0,64}\/kms\//
const queryScope = /(?:^|&)X-Amz-Credential=[^&]{0,256}?(?:\/|%2F)kms(?:\/|%2F)aws4_request(?:&|$)/i

/** Whether a request is for KMS: by its signature's scope or, where it is not signed, by its target. */
export function isForKms({ target, rawHeaders }: WireRequest): boolean {
  const [authorization] = headerValues(rawHeaders, 'authorization')
  if (authorization !== undefined) return headerScope.test(authorization)
  if (queryScope.test(splitTarget(target).query)) return true
  return headerValues(rawHeaders, 'x-amz-target')[0]?.startsWith('TrentService.') ?? false
}
