import assert from 'node:assert/strict'
import { isEventUuid, parseEnvelope, splitterStart } from '@opentrail/core/event'
import { describe, test } from 'vitest'
import { admitChunk, refusalsToldMax } from './admit-chunk.ts'
import { entriesOf, intakeContext, recordText, taskOf } from './intake.testing.ts'

const idsOf = (result: ReturnType<typeof admitChunk>) =>
  entriesOf(result).map((entry) => parseEnvelope(entry).event.eventId)

describe('ids from an Idempotency-Key', () => {
  const bare = recordText({ eventID: undefined })
  const keyed = (text: string, key: string, principal = intakeContext.principal) =>
    idsOf(admitChunk({ ...taskOf(text), idempotencyKey: key, context: { ...intakeContext, principal } }))

  test('the same request gives the same ids, each of them a UUID of its own', () => {
    const body = `${bare}\n${bare}\n${bare}`
    const ids = keyed(body, 'key')
    assert.deepEqual(keyed(body, 'key'), ids)
    assert.equal(new Set(ids).size, 3)
    for (const id of ids) assert.ok(isEventUuid(id) && id[14] === '8' && '89ab'.includes(id[19]!), id)
  })

  test('another key, principal, place or content gives another id', () => {
    const [id] = keyed(bare, 'key')
    const others = [
      keyed(bare, 'key 2')[0],
      keyed(bare, 'key', 'arn:aws:iam::111122223333:user/other')[0],
      keyed(`${recordText({})}\n${bare}`, 'key')[1],
      keyed(recordText({ eventID: undefined, eventName: 'Other' }), 'key')[0],
    ]
    assert.equal(new Set([id, ...others]).size, 5)
  })

  test('marks what it made, leaves ids that were sent, and is not needed', () => {
    const [sent, made] = entriesOf(admitChunk({ ...taskOf(`${recordText({})}\n${bare}`), idempotencyKey: 'key' }))
    assert.equal(parseEnvelope(sent!).idFromKey, undefined)
    assert.equal(parseEnvelope(made!).idFromKey, true)
    const [random] = entriesOf(admitChunk(taskOf(bare)))
    assert.equal(parseEnvelope(random!).idFromKey, undefined)
    assert.notDeepEqual(idsOf(admitChunk(taskOf(bare))), idsOf(admitChunk(taskOf(bare))))
  })
})

test('each record has its own outcome; places go on over chunks', () => {
  const lines = [recordText({}), 'no json', recordText({ eventID: 'X' }), recordText({ awsRegion: 'eu-west-1' })]
  const body = Buffer.from(lines.join('\n'))
  const cut = body.indexOf('no json') + 3
  const first = admitChunk({ ...taskOf(''), chunk: body.subarray(0, cut), isLast: false })
  const second = admitChunk({ ...taskOf(''), chunk: body.subarray(cut), state: first.state })
  assert.deepEqual([first.received, second.received], [1, 3])
  assert.deepEqual(
    second.refusals.map(({ index, code }) => [index, code]),
    [
      [1, 'InvalidJson'],
      [2, 'InvalidEventId'],
    ],
  )
  assert.deepEqual(
    [first, second].map(({ admitted }) => admitted.map(({ stream, indexes }) => [stream, ...indexes])),
    [[['111122223333/us-east-1', 0]], [['111122223333/eu-west-1', 3]]],
  )
})

test('half a million refusals in one chunk are counted, not all told', () => {
  const count = 100_000
  const result = admitChunk({ ...taskOf('x\n'.repeat(count)), state: splitterStart })
  assert.equal(result.received, count)
  assert.equal(result.refusals.length, refusalsToldMax)
  assert.equal(result.refusalsUntold, count - refusalsToldMax)
})
