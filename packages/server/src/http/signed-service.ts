import { headerValues, splitTarget, type WireRequest } from '../auth/index.ts'

/** How far a credential is read: `<key>/<day>/<region>/<service>/aws4_request`. Strangers write it. */
const credentialCharsMax = 320
const serviceName = /^[\w-]+$/
/** As a credential stands in a query. */
const queryScope = /(?:^|&)X-Amz-Credential=[^&]{0,256}?(?:\/|%2F)([\w-]{1,64})(?:\/|%2F)aws4_request(?:&|$)/i

/** The service that a request says it is signed for; nothing is proven by it. Undefined: not signed. */
export function signedService({ target, rawHeaders }: WireRequest): string | undefined {
  const [authorization] = headerValues(rawHeaders, 'authorization')
  return authorization === undefined ? queryScope.exec(splitTarget(target).query)?.[1] : serviceOf(authorization)
}

/** Asked of each request by each protocol: a pattern that has to count takes ten times as long. */
function serviceOf(authorization: string): string | undefined {
  const name = 'Credential='
  const at = authorization.indexOf(name)
  if (at < 0) return undefined
  const start = at + name.length
  const [credential = ''] = authorization.slice(start, start + credentialCharsMax).split(',', 1)
  const [key, , , service, ending] = credential.split('/', 5)
  return key !== '' &&
    ending !== undefined &&
    service !== undefined &&
    service.length <= 64 &&
    serviceName.test(service)
    ? service
    : undefined
}
