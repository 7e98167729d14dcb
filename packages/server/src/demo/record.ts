import type { Dice } from './dice.ts'
import type { Actor } from './actors.ts'

/** Where and when the story plays. */
export interface Stage {
  readonly account: string
  /** Where the company works. */
  readonly region: string
  /** A second Region it uses a little. */
  readonly otherRegion: string
  /** Events of global services (IAM, sign-in) appear here. */
  readonly leadingRegion: string
  /** The story's first moment, ms since the epoch; it lasts an hour. */
  readonly start: number
  readonly dice: Dice
}

/** One thing that happens. What is left out gets the usual value. */
export interface Happening {
  /** Seconds from the start, 0 to 3,600. */
  readonly at: number
  readonly actor: Actor
  /** `iam`, `ec2`, ...: the part in front of `.amazonaws.com`. */
  readonly service: string
  readonly name: string
  readonly readOnly: boolean
  readonly region?: string
  readonly request?: object
  readonly response?: object
  readonly error?: readonly [code: string | undefined, message: string]
  readonly additional?: object
  readonly resources?: readonly object[]
  readonly kind?: 'api' | 'data' | 'sign-in' | 'service'
  readonly serviceDetails?: object
  readonly sourceIp?: string
  readonly userAgent?: string
  readonly apiVersion?: string
}

const eventTypes = { api: 'AwsApiCall', data: 'AwsApiCall', 'sign-in': 'AwsConsoleSignIn', service: 'AwsServiceEvent' }
const globalServices = new Set(['iam', 'signin', 'organizations', 'cloudfront', 'route53'])

/** The record of one happening, its keys in CloudTrail's order. */
export function toRecord(stage: Stage, happening: Happening): object {
  const { actor, service, name, kind = 'api' } = happening
  const { dice } = stage
  const region = happening.region ?? (globalServices.has(service) ? stage.leadingRegion : stage.region)
  const time = stage.start + Math.floor(happening.at) * 1_000
  const hasTls = kind !== 'service' && actor.tls
  return {
    eventVersion: kind === 'service' || kind === 'sign-in' ? '1.08' : '1.11',
    userIdentity: actor.identity,
    eventTime: new Date(time).toISOString().replace('.000Z', 'Z'),
    eventSource: `${service}.amazonaws.com`,
    eventName: name,
    awsRegion: region,
    sourceIPAddress: happening.sourceIp ?? actor.sourceIp,
    userAgent: happening.userAgent ?? (service === 's3' ? `[${actor.userAgent}]` : actor.userAgent),
    ...(happening.error?.[0] !== undefined && { errorCode: happening.error[0] }),
    ...(happening.error && { errorMessage: happening.error[1] }),
    requestParameters: happening.request ?? null,
    responseElements: happening.response ?? null,
    ...(happening.additional && { additionalEventData: happening.additional }),
    ...(kind !== 'sign-in' && kind !== 'service' && { requestID: requestId(service, dice) }),
    eventID: dice.uuid(),
    readOnly: happening.readOnly,
    ...(happening.resources && { resources: happening.resources }),
    eventType: eventTypes[kind],
    ...(happening.apiVersion !== undefined && { apiVersion: happening.apiVersion }),
    managementEvent: kind !== 'data',
    recipientAccountId: stage.account,
    ...(happening.serviceDetails && { serviceEventDetails: happening.serviceDetails }),
    eventCategory: kind === 'data' ? 'Data' : 'Management',
    ...(hasTls && {
      tlsDetails: {
        tlsVersion: 'TLSv1.3',
        cipherSuite: 'TLS_AES_128_GCM_SHA256',
        clientProvidedHostHeader: hostOf(service, region),
      },
    }),
    ...(actor.console && kind === 'api' && { sessionCredentialFromConsole: 'true' }),
  }
}

const requestId = (service: string, dice: Dice): string => (service === 's3' ? dice.letters(16) : dice.uuid())

const hostOf = (service: string, region: string): string =>
  globalServices.has(service) ? `${service}.amazonaws.com` : `${service}.${region}.amazonaws.com`
