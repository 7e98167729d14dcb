import type { ApiCall, CallIdentity } from './api-call.ts'

/** The record version OpenTrail writes about its own calls. */
const eventVersion = '1.11'

/**
 * The CloudTrail record of one of our own calls, in CloudTrail's key order (the service's "What is recorded about its own
 * API": parameters as sent in lower camel case, response elements only of writes, null where there is nothing).
 */
export function selfRecord(call: ApiCall, eventId: string, now: number): Uint8Array {
  const category = call.category ?? 'Management'
  const named = call.keepsParameterNames === true ? (parameters: unknown) => parameters : lowerCamel
  const record = {
    eventVersion,
    userIdentity: userIdentity(call.identity),
    eventTime: `${new Date(now).toISOString().slice(0, 19)}Z`,
    eventSource: call.eventSource,
    eventName: call.eventName,
    awsRegion: call.region,
    sourceIPAddress: call.sourceIPAddress,
    userAgent: call.userAgent,
    errorCode: call.errorCode,
    errorMessage: call.errorMessage,
    requestParameters: call.requestParameters === undefined ? null : named(call.requestParameters),
    responseElements: call.responseElements === undefined ? null : named(call.responseElements),
    additionalEventData: call.additionalEventData,
    requestID: call.requestId,
    eventID: eventId,
    readOnly: call.readOnly,
    resources: call.resources,
    eventType: call.eventType ?? (call.identity.kind === 'service' ? 'AwsServiceEvent' : 'AwsApiCall'),
    managementEvent: category === 'Management',
    recipientAccountId: recipientOf(call),
    sharedEventID: call.sharedEventId,
    serviceEventDetails: call.serviceEventDetails,
    eventCategory: category,
    tlsDetails: call.tls,
  }
  const text = JSON.stringify(record)
  return Buffer.from(halfSurrogate.test(text) ? JSON.stringify(record, wellFormed) : text)
}

/** As JSON writes it. What only looks so costs a second look, which for every record would be most of its making. */
const halfSurrogate = /\\u[dD][89a-fA-F]/

/** Half a surrogate pair, which a stranger's text may hold, is no Unicode and would keep the record out. */
const wellFormed = (_key: string, value: unknown): unknown => (typeof value === 'string' ? value.toWellFormed() : value)

const accountOf = (identity: CallIdentity) => (identity.kind === 'user' ? identity.principal.account : identity.account)

/** The account whose stream the record belongs to. */
export const recipientOf = ({ identity, recipient }: ApiCall) => recipient ?? accountOf(identity)

export function userIdentity(identity: CallIdentity): Record<string, unknown> {
  switch (identity.kind) {
    case 'user': {
      const { userId, arn, account, accessKeyId, userName, session } = identity.principal
      const user = { type: 'IAMUser', principalId: userId, arn, accountId: account, accessKeyId, userName }
      return session ? { ...user, sessionContext: sessionContext(session.createdAt) } : user
    }
    case 'unknown-key':
      return { type: 'Unknown', accountId: identity.account, accessKeyId: identity.accessKeyId }
    case 'anonymous':
      return { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' }
    case 'machine-owner': {
      // Whoever may open the control socket owns the machine, and with it the account: what AWS calls the root user.
      const { account } = identity
      return {
        type: 'Root',
        principalId: account,
        arn: `arn:aws:iam::${account}:root`,
        accountId: account,
        accessKeyId: '',
      }
    }
    default:
      return { type: 'AWSService', invokedBy: identity.invokedBy }
  }
}

const sessionContext = (createdAt: string) => ({
  attributes: { creationDate: `${createdAt.slice(0, 19)}Z`, mfaAuthenticated: 'false' },
})

/** Deeper than any input of the API; what is deeper is left as it is. */
const depthMax = 32

/** `S3BucketName` becomes `s3BucketName`; times (numbers on the wire) become CloudTrail's text for them. */
function lowerCamel(value: unknown, depth = 0): unknown {
  if (depth > depthMax || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => lowerCamel(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.charAt(0).toLowerCase() + key.slice(1),
      key.endsWith('Time') && typeof member === 'number' ? timeText(member) : lowerCamel(member, depth + 1),
    ]),
  )
}

const twoDigits = (number: number) => String(number).padStart(2, '0')
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Jul 10, 2023, 12:00:00 PM`, UTC; a number that is no time stays a number. */
export function timeText(epochSeconds: number): string | number {
  const date = new Date(epochSeconds * 1_000)
  if (Number.isNaN(date.getTime())) return epochSeconds
  const hours = date.getUTCHours()
  const clock = `${hours % 12 || 12}:${twoDigits(date.getUTCMinutes())}:${twoDigits(date.getUTCSeconds())}`
  return `${months[date.getUTCMonth()]} ${date.getUTCDate()}, ${date.getUTCFullYear()}, ${clock} ${hours < 12 ? 'AM' : 'PM'}`
}
