import { publishTo, readMessage } from './publish.ts'
import type { SnsParts } from './sns-call.ts'
import { SnsError } from './sns-error.ts'
import { readArn } from './topic-documents.ts'
import { TopicError, type TopicPublisher } from './topic-publisher.ts'

/** Publishes to the topics of this deployment, if their policies let CloudTrail. */
export function createBuiltInTopicPublisher(
  parts: Pick<SnsParts, 'directory' | 'access' | 'fanOut' | 'random' | 'now'>,
): TopicPublisher {
  const { directory, access } = parts
  return {
    async publish({ topicArn, message, trailArn, account }) {
      const read = readArn(topicArn)
      const topic = read && read.id === undefined ? directory.topic(read.topic) : undefined
      if (!topic) throw new TopicError('NotFound', `Topic does not exist: ${topicArn}`)
      if (!access.letsPublish(topic, { trailArn, account }))
        throw new TopicError('AuthorizationError', `the policy of ${topicArn} does not let CloudTrail publish`)
      try {
        await publishTo(parts, topic, readMessage({ message }))
      } catch (error) {
        if (error instanceof SnsError) throw new TopicError(error.code, error.message, { cause: error })
        throw error
      }
    },
  }
}
