import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { TopicError, type TopicPublisher } from './topic-publisher.ts'

export interface TopicPublisherFixture {
  readonly publisher: TopicPublisher
  /** A topic to which the trail may publish. */
  readonly topicArn: string
  /** One to which it may not. */
  readonly closedTopicArn: string
  readonly missingTopicArn: string
  readonly notice: { readonly trailArn: string; readonly account: string }
  /** What a subscriber of `topicArn` has got. */
  received(): Promise<readonly string[]>
  dispose(): Promise<void>
}

/** What every way to publish promises. */
export function topicPublisherContract(name: string, create: () => Promise<TopicPublisherFixture>): void {
  describe(`topic publisher: ${name}`, () => {
    let fixture: TopicPublisherFixture
    beforeEach(async () => {
      fixture = await create()
    })
    afterEach(() => fixture.dispose())
    const publish = (topicArn: string, message: string) =>
      fixture.publisher.publish({ ...fixture.notice, topicArn, message })
    const codeOf = (topicArn: string) =>
      publish(topicArn, 'x').then(
        () => 'taken',
        (error: unknown) => (error instanceof TopicError ? error.code : String(error)),
      )

    test('what is published arrives as it was, whatever is in it', async () => {
      const messages = [
        '{"s3Bucket":"audit-logs","s3ObjectKey":["AWSLogs/a b+c%2F.json.gz"]}',
        'CloudTrail validation message.',
        'ä € 😀 <&"\'> \t\r\n =&+%',
      ]
      for (const message of messages) await publish(fixture.topicArn, message)
      assert.deepEqual([...(await fixture.received())].sort(), [...messages].sort())
    })

    test('many at once all arrive', async () => {
      const messages = Array.from({ length: 40 }, (_, index) => `message ${String(index).padStart(2, '0')}`)
      await Promise.all(messages.map((message) => publish(fixture.topicArn, message)))
      assert.deepEqual([...(await fixture.received())].sort(), messages)
    })

    test('a topic that is not there, does not let us in, or is none says so in SNS’s codes', async () => {
      assert.equal(await codeOf(fixture.missingTopicArn), 'NotFound')
      assert.equal(await codeOf(fixture.closedTopicArn), 'AuthorizationError')
      assert.match(await codeOf('nonsense'), /^(?:NotFound|InvalidParameter)$/)
    })
  })
}
