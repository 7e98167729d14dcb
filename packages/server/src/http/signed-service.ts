import { headerValues, splitTarget, type WireRequest } from '../auth/index.ts'

/** As it stands in a credential: `<key>/<day>/<region>/<service>/aws4_request`. Bounded: strangers write it. */
const headerScope = /Credential=[^/,\s]{1,128}\/[^/,\s]{0,16}\/[^/,\s]{0,64}\/([\w-]{1,64})\//
const queryScope = /(?:^|&)X-Amz-Credential=[^&]{0,256}?(?:\/|%2F)([\w-]{1,64})(?:\/|%2F)aws4_request(?:&|$)/i

/** The service that a request says it is signed for; nothing is proven by it. Undefined: not signed. */
export function signedService({ target, rawHeaders }: WireRequest): string | undefined {
  const [authorization] = headerValues(rawHeaders, 'authorization')
  const scope =
    authorization === undefined ? queryScope.exec(splitTarget(target).query) : headerScope.exec(authorization)
  return scope?.[1]
}
