import { trailArn, trailFault, trailTopicArn, type Trail } from '@opentrail/core/trail'
import { ApiError } from '../api-error/index.ts'
import { TopicError, type TopicPublisher } from '../topics/index.ts'
import { refuse } from './trail-refusal.ts'

/** What subscribers get to see of a trail that is made or changed. */
const validationMessage = 'CloudTrail validation message.'

/** Nothing that the caller could change: another call may succeed. */
const passingCodes: ReadonlySet<string> = new Set([
  'InternalError',
  'NetworkingError',
  'RequestTimeout',
  'ServiceUnavailable',
  'Throttled',
  'ThrottledException',
  'Throttling',
])

/**
 * Publishes to the trail's topic, which is the only way to know that it can be done.
 * @throws {ApiError} InsufficientSnsTopicPolicyException; KmsKeyNotFoundException and KmsException of an encrypted topic;
 * ServiceUnavailable where the topic cannot be asked
 */
export async function refuseUnusableTopic(trail: Trail, topics: TopicPublisher): Promise<void> {
  const topicArn = trailTopicArn(trail)
  if (topicArn === undefined) return
  try {
    await topics.publish({ topicArn, message: validationMessage, trailArn: trailArn(trail), account: trail.account })
  } catch (error) {
    if (!(error instanceof TopicError)) throw error
    const { code, message } = error
    if (passingCodes.has(code))
      throw new ApiError('ServiceUnavailable', `The topic cannot be published to at the moment (${code}); try again.`, {
        status: 503,
        cause: error,
      })
    if (code.startsWith('KMSNotFound'))
      throw new ApiError('KmsKeyNotFoundException', `The key of the SNS topic does not exist: ${message}`)
    if (code.startsWith('KMS'))
      throw new ApiError('KmsException', `The key of the SNS topic cannot be used (${code}).`, { cause: error })
    refuse(trailFault('unusable-topic', 'SNS Topic does not exist or the topic policy is incorrect!'))
  }
}
