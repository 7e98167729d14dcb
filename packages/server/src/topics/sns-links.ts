import type { AccountId, Region } from '@opentrail/core/event'
import {
  describeCall,
  parseQueryParameters,
  queryAnswer,
  queryMember,
  signedService,
  type Exchange,
  type QueryNode,
  type Route,
} from '../http/index.ts'
import { splitTarget, type WireRequest } from '../auth/index.ts'
import type { ApiCall } from '../selftrail/index.ts'
import { confirm, subscriptionOfToken, unsubscribeByLink } from './confirmation.ts'
import type { MessageLinks } from './envelope.ts'
import type { MessageSigner } from './message-signer.ts'
import { required, resultXml, type SnsOutput, type SnsParts } from './sns-call.ts'
import { SnsError } from './sns-error.ts'
import { errorAnswer, snsEventSource, snsProtocol, type SnsFrontOptions } from './sns-front.ts'
import { calledResources, requestParameters } from './sns-record.ts'
import type { SubscriptionTokens } from './subscription-tokens.ts'
import { readArn, subscriptionArn, topicArn } from './topic-documents.ts'

export interface LinkSettings {
  /** Where clients reach us: `https://opentrail.example.org`. */
  readonly endpoint: () => string
  /** Where the certificate is fetched, with `{region}` in it or not; by default at `endpoint`. */
  readonly certificateEndpoint?: string
}

const certificateName = (fingerprint: string): string => `SimpleNotificationService-${fingerprint}.pem`

/** The links of messages. */
export function createMessageLinks(
  { endpoint, certificateEndpoint }: LinkSettings,
  tokens: SubscriptionTokens,
  signer: Pick<MessageSigner, 'fingerprint'>,
): MessageLinks {
  const link = (parameters: Readonly<Record<string, string>>): string =>
    `${endpoint()}/?${Object.entries(parameters)
      .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%3A', ':')}`)
      .join('&')}`
  return {
    certificate: (region) =>
      `${certificateEndpoint?.replaceAll('{region}', region) ?? endpoint()}/sns/${certificateName(signer.fingerprint)}`,
    confirm(subscription) {
      const token = tokens.make('confirm', subscription)
      const url = link({ Action: 'ConfirmSubscription', TopicArn: topicArn(subscription.topic), Token: token })
      return { url, token }
    },
    unsubscribe(subscription) {
      const Token = tokens.make('unsubscribe', subscription)
      return link({ Action: 'Unsubscribe', SubscriptionArn: subscriptionArn(subscription), Token })
    },
  }
}

/** What subscribers fetch without a signature: the certificate, and the two links that carry a token. */
export function createLinkRoutes(parts: SnsParts, signer: MessageSigner, options: SnsFrontOptions): Route[] {
  const certificate: Route['handle'] = (exchange) =>
    exchange.respond({
      status: 200,
      headers: { 'Content-Type': 'application/x-pem-file' },
      body: signer.certificate,
    })
  const name = certificateName(signer.fingerprint)
  return [
    { method: 'GET', path: `/sns/${name}`, handle: certificate },
    { method: 'GET', path: `/${name}`, handle: certificate },
    {
      method: 'GET',
      path: 'SNS links',
      claims: isLink,
      async handle(exchange) {
        exchange.respond(await follow(exchange, parts, options).catch((error) => errorAnswer(exchange, error, options)))
      },
    },
  ]
}

const linkAction = /(?:^|&)Action=(ConfirmSubscription|Unsubscribe)(?:&|$)/

/** Not HEAD: who only looks does not confirm. */
function isLink(request: WireRequest): boolean {
  const { path, query } = splitTarget(request.target)
  return request.method === 'GET' && path === '/' && linkAction.test(query) && signedService(request) === undefined
}

async function follow(exchange: Exchange, parts: SnsParts, options: SnsFrontOptions) {
  const input = parseQueryParameters(exchange.query)
  const action = queryMember.string(input, 'Action') ?? ''
  try {
    if (action === 'ConfirmSubscription') {
      const subscription = subscriptionOfToken(parts, required(input, 'TopicArn'), required(input, 'Token'))
      const how = { isSigned: false, authenticates: false }
      const { SubscriptionArn = '' } = await confirm(parts, subscription, how, commit)
      return queryAnswer(snsProtocol, action, exchange.requestId, resultOf(SubscriptionArn))
    }
    await unsubscribeByLink(parts, required(input, 'SubscriptionArn'), required(input, 'Token'), commit)
    return queryAnswer(snsProtocol, action, exchange.requestId)
  } catch (error) {
    if (!(error instanceof SnsError)) throw unavailable(error)
    const { code, message } = error
    await options.refusals.record({
      ...linkCall(exchange, input, parts, options),
      errorCode: code,
      errorMessage: message,
    })
    throw error
  }

  function commit(output: SnsOutput) {
    const call = linkCall(exchange, input, parts, options)
    const elements = Object.keys(output).length > 0 ? { responseElements: output } : {}
    return (writes: Parameters<SnsFrontOptions['selfTrail']['commit']>[0]) =>
      options.selfTrail.commit(writes, { ...call, ...elements })
  }

  function unavailable(error: unknown): SnsError {
    options.onFault(error, action)
    return new SnsError('ServiceUnavailable', 'The call could not be completed. Try again.', { cause: error })
  }
}

const resultOf = (arn: unknown) => resultXml({ SubscriptionArn: String(arn) })

/** Nobody in particular: whoever has got the message. It is recorded where the topic is. */
function linkCall(exchange: Exchange, input: QueryNode, { directory }: SnsParts, { home }: SnsFrontOptions): ApiCall {
  const arn = queryMember.string(input, 'TopicArn') ?? queryMember.string(input, 'SubscriptionArn') ?? ''
  const named = readArn(arn)?.topic
  const topic = named && directory.topic(named)
  const { account, region }: { account: AccountId; region: Region } = topic ?? home
  const eventName = queryMember.string(input, 'Action') ?? ''
  const name = { eventSource: snsEventSource, eventName, readOnly: false, category: 'Management' as const }
  return {
    ...describeCall(exchange, name, { kind: 'unknown-key', accessKeyId: '', account }, region),
    requestParameters: requestParameters(input),
    ...calledResources(input, directory),
  }
}
