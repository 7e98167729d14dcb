import { headerValues, queryParameters } from '../auth/index.ts'
import { ApiError, notBuilt, putAuditEventsEntry, type OperationRegistry } from '../operations/index.ts'
import { callBodyBytesMax, performCall, type CalledService, type CallOptions } from './aws-call.ts'
import type { Answer, Exchange } from './exchange.ts'
import { internalFailureText } from './http-server.ts'
import { parseJsonObject } from './json-input.ts'
import type { Route } from './route.ts'

/** Another AWS protocol that shares `/`. */
export interface SharedPathService {
  /** Decides from the head of the request alone. */
  claims(exchange: Exchange): boolean
  handle(exchange: Exchange): Promise<void>
}

export interface AwsPlaneOptions extends CallOptions {
  readonly registry: OperationRegistry
  /** Asked in order before CloudTrail. */
  readonly otherServices?: readonly SharedPathService[]
}

/** The routes of services `cloudtrail` (AWS JSON 1.1 at `/`) and `cloudtrail-data` (REST JSON). */
export function createAwsPlane(options: AwsPlaneOptions): Route[] {
  return [
    {
      method: 'POST',
      path: '/',
      bodyBytesMax: callBodyBytesMax,
      handle: (exchange) => handleShared(exchange, options),
    },
    {
      method: 'POST',
      path: '/PutAuditEvents',
      bodyBytesMax: callBodyBytesMax,
      handle: (exchange) => answer(exchange, restJson, options, () => putAuditEvents(exchange, options)),
    },
  ]
}

async function handleShared(exchange: Exchange, options: AwsPlaneOptions): Promise<void> {
  const other = options.otherServices?.find((service) => service.claims(exchange))
  if (other) return other.handle(exchange)
  const target = exchange.header('x-amz-target')
  if (target === undefined && mediaType(exchange) === 'application/x-www-form-urlencoded') {
    return refuseQueryProtocol(exchange)
  }
  await answer(exchange, awsJson, options, () => {
    const operation = options.registry.find(operationName(target))
    if (!operation) throw unknownOperation(target)
    return performCall(exchange, cloudTrail, operation, options)
  })
}

/** botocore's clients send the long prefix, Smithy's the short one. */
const targetPrefixes = ['com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101', 'CloudTrail_20131101']

function operationName(target: string | undefined): string {
  const dot = target?.lastIndexOf('.') ?? -1
  return target !== undefined && targetPrefixes.includes(target.slice(0, dot)) ? target.slice(dot + 1) : ''
}

const unknownOperation = (target: string | undefined) =>
  new ApiError(
    'UnknownOperationException',
    target === undefined
      ? 'The request has no X-Amz-Target header.'
      : `The target ${printable(target)} is not an operation of this service.`,
    { status: 404 },
  )

const jsonTypes = new Set(['application/x-amz-json-1.1', 'application/x-amz-json-1.0'])

const cloudTrail: CalledService = {
  scopeName: 'cloudtrail',
  eventSource: 'cloudtrail.amazonaws.com',
  category: 'Management',
  // Whoever can change the target can turn a signed GetTrail into a DeleteTrail: they take the same input.
  mustBeSigned: ['x-amz-target'],
  parse(exchange, body) {
    const type = mediaType(exchange)
    if (type !== undefined && !jsonTypes.has(type)) {
      throw new ApiError('SerializationException', 'The content type must be application/x-amz-json-1.1.')
    }
    return parseJsonObject(body)
  },
}

const cloudTrailData: CalledService = {
  scopeName: 'cloudtrail-data',
  eventSource: 'cloudtrail-data.amazonaws.com',
  category: 'Data',
  mustBeSigned: [],
  // What is recorded is where events were to go, not the events themselves.
  parse(exchange, body) {
    parseJsonObject(body)
    const sent = new Map(queryParameters(exchange.query))
    const [channelArn, externalId] = [sent.get('channelArn'), sent.get('externalId')]
    return {
      ...(channelArn !== undefined && { channelArn }),
      ...(externalId !== undefined && { externalId }),
    }
  },
}

const putAuditEventsOperation = notBuilt(putAuditEventsEntry)
const putAuditEvents = (exchange: Exchange, options: AwsPlaneOptions) =>
  performCall(exchange, cloudTrailData, putAuditEventsOperation, options)

interface Protocol {
  readonly contentType: string
  error(error: ApiError): Record<string, unknown>
}
const awsJson: Protocol = {
  contentType: 'application/x-amz-json-1.1',
  error: ({ code, message }) => ({ __type: code, Message: message }),
}
const restJson: Protocol = { contentType: 'application/json', error: ({ message }) => ({ message }) }

async function answer(
  exchange: Exchange,
  protocol: Protocol,
  options: CallOptions,
  call: () => Promise<Record<string, unknown>>,
): Promise<void> {
  const headers = { 'Content-Type': protocol.contentType }
  try {
    const output = await call()
    exchange.respond({ status: 200, headers, body: JSON.stringify(output) })
  } catch (error) {
    const failure = error instanceof ApiError ? error : internalFailure(error, options)
    exchange.respond({
      status: failure.status,
      headers: { ...headers, 'x-amzn-ErrorType': failure.code },
      body: JSON.stringify(protocol.error(failure)),
    })
  }
}

function internalFailure(error: unknown, options: CallOptions): ApiError {
  options.onFault(error, 'AWS plane')
  return new ApiError('InternalFailure', internalFailureText, { status: 500 })
}

/** Services with the Query protocol (IAM, EC2, ...) that are not built are refused so; their clients read errors as XML only. */
function refuseQueryProtocol(exchange: Exchange): void {
  const [authorization = ''] = headerValues(exchange.wire.rawHeaders, 'authorization')
  const service = /Credential=\w+\/\d+\/[\w-]+\/([\w-]{1,64})\//.exec(authorization)?.[1] ?? 'of this kind'
  const message = `The service ${service} is not built in this version of OpenTrail.`
  const reply: Answer = {
    status: 400,
    headers: { 'Content-Type': 'text/xml', 'x-amzn-ErrorType': 'InvalidAction' },
    body:
      `<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>${message}</Message></Error>` +
      `<RequestId>${exchange.requestId}</RequestId></ErrorResponse>`,
  }
  exchange.respond(reply)
}

const mediaType = (exchange: Exchange): string | undefined =>
  exchange.header('content-type')?.split(';', 1)[0]!.trim().toLowerCase()

/** Untrusted text inside a message: printable ASCII, shortened. */
const printable = (text: string): string => text.slice(0, 128).replace(/[^\x20-\x7e]/g, '?')
