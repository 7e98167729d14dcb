import { createSignedClient, SignedCallError, type SignedClientOptions } from '../signed-calls/index.ts'
import { TopicError, type TopicPublisher } from './topic-publisher.ts'

export type RemoteTopicPublisherOptions = Omit<SignedClientOptions, 'service'>

export interface RemoteTopicPublisher extends TopicPublisher {
  close(): void
}

const charsMax = 1_024

/**
 * Publishes to AWS's SNS, or to what speaks its protocol. Who may publish is a matter of the credentials and of the topic's
 * policy there. Each call is tried once, and no redirect is followed.
 */
export function createRemoteTopicPublisher(options: RemoteTopicPublisherOptions): RemoteTopicPublisher {
  const client = createSignedClient({ ...options, service: 'sns' })
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
  return {
    async publish({ topicArn, message }) {
      const form = { Action: 'Publish', Version: '2010-03-31', TopicArn: topicArn, Message: message }
      const body = Buffer.from(new URLSearchParams(form).toString())
      const { status, text } = await client.post(regionOf(topicArn), headers, body).catch(translated)
      if (status !== 200) throw refusal(status, text)
      if (!/<MessageId>[^<]+<\/MessageId>/.test(text)) throw invalidResponse('no message id')
    },
    close: client.close,
  }
}

const translated = (error: unknown): never => {
  if (!(error instanceof SignedCallError)) throw error
  throw new TopicError(error.code, `The notification service ${error.message}.`, { cause: error })
}

function regionOf(topicArn: string): string {
  const region = /^arn:[a-z-]+:sns:([a-z0-9-]{1,32}):\d{12}:/.exec(topicArn)?.[1]
  if (region === undefined) throw new TopicError('InvalidParameter', `not the ARN of a topic: ${topicArn}`)
  return region
}

const invalidResponse = (what: string): TopicError =>
  new TopicError('InvalidResponse', `The notification service answered with ${what}.`)

/** What stands between, a proxy for example, answers in other words. */
function refusal(status: number, text: string): TopicError {
  const code = /<Code>([A-Za-z][A-Za-z0-9.]{0,127})<\/Code>/.exec(text)?.[1]
  if (code === undefined) return invalidResponse(`status ${status}`)
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? code
  return new TopicError(code, message.slice(0, charsMax))
}
