import type { Region } from '@opentrail/core/event'
import type { ApiCall, CallIdentity } from '../selftrail/index.ts'
import { ApiError } from '../operations/index.ts'
import { userArn } from './account-directory.ts'
import type { AccessKeyDocument, AccountDocument, UserDocument } from './documents.ts'
import type { Principal } from './principal.ts'

/** Who administers. Without a principal it is the machine's owner, who came over the control socket. */
export interface AdministrationCaller {
  readonly principal?: Principal
  readonly requestId: string
  readonly sourceIPAddress: string
  readonly userAgent: string
  readonly tls?: ApiCall['tls']
}

/** What is being done, in the words of the event about it. */
export interface Act {
  readonly eventSource: 'iam.amazonaws.com' | 'organizations.amazonaws.com'
  readonly eventName: string
  readonly readOnly: boolean
  /** Upper camel case, never a secret. */
  readonly requestParameters?: Record<string, unknown>
}

export const iam = (eventName: string, requestParameters?: Record<string, unknown>): Act => ({
  eventSource: 'iam.amazonaws.com',
  eventName,
  readOnly: /^(List|Get)/.test(eventName),
  ...(requestParameters && { requestParameters }),
})
export const organizations = (eventName: string, requestParameters?: Record<string, unknown>): Act => ({
  ...iam(eventName, requestParameters),
  eventSource: 'organizations.amazonaws.com',
})

/** The finished call; a failed one carries its error, a refused one not even its parameters. */
export function apiCall(
  act: Act,
  caller: AdministrationCaller,
  identity: CallIdentity,
  region: Region,
  outcome: { readonly responseElements?: unknown; readonly error?: ApiError },
): ApiCall {
  const { requestParameters, ...rest } = act
  const { responseElements, error } = outcome
  const { requestId, sourceIPAddress, userAgent, tls } = caller
  return {
    ...rest,
    identity,
    region,
    requestId,
    sourceIPAddress,
    userAgent,
    ...(tls && { tls }),
    ...(requestParameters && error?.code !== 'AccessDenied' && { requestParameters }),
    ...(responseElements !== undefined && { responseElements }),
    ...(error && { errorCode: recordedCode(error.code), errorMessage: error.message }),
  }
}

/** On the wire IAM's codes are short; its events name the exception. */
function recordedCode(code: string): string {
  if (code === 'AccessDenied' || code.endsWith('Exception')) return code
  return `${code.replace(/Error$/, '')}Exception`
}

export const accountElement = ({ id, name, createdAt }: AccountDocument) => ({
  CreateAccountStatus: {
    AccountId: id,
    AccountName: name,
    State: 'SUCCEEDED',
    CompletedTimestamp: createDate(createdAt),
  },
})

export const userElement = (user: UserDocument) => ({
  User: {
    Path: '/',
    UserName: user.userName,
    UserId: user.userId,
    Arn: userArn(user),
    CreateDate: createDate(user.createdAt),
  },
})

/** Without the secret, which goes to the caller alone. */
export const accessKeyElement = ({ userName, accessKeyId, status, createdAt }: AccessKeyDocument) => ({
  AccessKey: { UserName: userName, AccessKeyId: accessKeyId, Status: status, CreateDate: createDate(createdAt) },
})

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** IAM's events write times as `Jul 10, 2023 12:23:05 PM`, UTC. */
export function createDate(isoTime: string): string {
  const time = new Date(isoTime)
  const hours = time.getUTCHours()
  const clock = `${hours % 12 || 12}:${twoDigits(time.getUTCMinutes())}:${twoDigits(time.getUTCSeconds())}`
  return `${months[time.getUTCMonth()]} ${time.getUTCDate()}, ${time.getUTCFullYear()} ${clock} ${hours < 12 ? 'AM' : 'PM'}`
}

const twoDigits = (number: number): string => String(number).padStart(2, '0')
