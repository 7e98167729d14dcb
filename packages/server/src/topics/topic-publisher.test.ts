import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'vitest'
import { createRemoteTopicPublisher } from './remote-topic-publisher.ts'
import { topicPublisherContract } from './topic-publisher.contract.ts'
import { account, exampleKey, queueArnOf, startTopics, topicArnOf, trailArn, trailPolicy } from './topics.testing.ts'
import { TopicError, type TopicPublisher } from './topic-publisher.ts'

type Rig = Awaited<ReturnType<typeof startTopics>>

async function fixture(choose: (rig: Rig) => TopicPublisher & { close?(): void }) {
  const rig = await startTopics()
  const queue = queueArnOf('received')
  const topicArn = await rig.createTopic('open', { Policy: trailPolicy('open') })
  await rig.subscribe(topicArn, 'sqs', queue, { RawMessageDelivery: 'true' })
  // Closed to the service and to the administrator that a remote publisher is.
  const deny = { Effect: 'Deny', Principal: '*', Action: 'SNS:Publish', Resource: topicArnOf('closed') }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [deny] })
  const publisher = choose(rig)
  return {
    publisher,
    topicArn,
    closedTopicArn: await rig.createTopic('closed', { Policy }),
    missingTopicArn: topicArnOf('missing'),
    notice: { trailArn, account },
    async received() {
      await rig.settle()
      return rig.queues.bodies(queue).map(({ body }) => body)
    },
    async dispose() {
      publisher.close?.()
      await rig.close()
    },
  }
}

const remote = (endpoint: string, timeoutMs?: number) =>
  createRemoteTopicPublisher({
    endpoint,
    credentials: { ...exampleKey, secretAccessKey: { reveal: () => exampleKey.secretAccessKey } },
    wall: Date.now,
    ...(timeoutMs !== undefined && { timeoutMs }),
  })

topicPublisherContract('built in', () => fixture((rig) => rig.topics.publisher))
topicPublisherContract('remote', () => fixture((rig) => remote(rig.server.url)))

/** What becomes of a publish where the endpoint answers like this. */
async function failureAt(answer: (end: (status: number, body: string) => void) => void, timeoutMs = 30_000) {
  const server = createServer((_, response) => {
    answer((status, body) => response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const publisher = remote(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, timeoutMs)
  try {
    await publisher.publish({ topicArn: topicArnOf('a'), message: 'x', trailArn, account })
    return 'taken'
  } catch (error) {
    assert.ok(error instanceof TopicError, String(error))
    return error.code
  } finally {
    publisher.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

test('a remote service that fails, answers nonsense or nothing gets a code of ours', async () => {
  const xml = (code: string) => `<ErrorResponse><Error><Code>${code}</Code><Message>m</Message></Error></ErrorResponse>`
  assert.equal(await failureAt((end) => end(200, '<a><MessageId>1</MessageId></a>')), 'taken')
  assert.equal(await failureAt((end) => end(400, xml('KMSDisabled'))), 'KMSDisabled')
  assert.equal(await failureAt((end) => end(502, '<html>Bad Gateway</html>')), 'InvalidResponse')
  assert.equal(await failureAt((end) => end(302, '')), 'InvalidResponse')
  assert.equal(await failureAt((end) => end(200, 'welcome')), 'InvalidResponse')
  assert.equal(await failureAt((end) => end(200, 'x'.repeat(100_000))), 'InvalidResponse')
  assert.equal(await failureAt(() => {}, 50), 'RequestTimeout')
  const nowhere = remote('http://127.0.0.1:1')
  await assert.rejects(nowhere.publish({ topicArn: topicArnOf('a'), message: 'x', trailArn, account }), (error) => {
    return error instanceof TopicError && error.code === 'NetworkingError'
  })
})
