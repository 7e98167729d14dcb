import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { admit, type AccountId, type AdmissionContext, type Region } from '@opentrail/core/event'
import { tellStory, type StoryRequest } from './story.ts'

const end = Date.UTC(2026, 2, 4, 12, 0, 0, 250)
const request: StoryRequest = {
  account: '111122223333',
  region: 'eu-central-1',
  leadingRegion: 'us-east-1',
  otherRegion: 'eu-west-1',
  seed: 1,
  end,
}
const context: AdmissionContext = {
  origin: 'producer',
  principal: 'arn:aws:iam::111122223333:user/admin',
  configVersion: 1,
  account: request.account as AccountId,
  region: request.region as Region,
  accounts: new Set([request.account]),
  regions: new Set([request.region, request.leadingRegion, request.otherRegion]),
  now: end,
}

interface Shown {
  readonly eventID: string
  readonly eventTime: string
  readonly eventName: string
  readonly errorCode?: string
  readonly sourceIPAddress: string
  readonly userIdentity: { readonly type?: string; readonly accessKeyId?: string }
}
const story = (changes: Partial<StoryRequest> = {}) => tellStory({ ...request, ...changes }) as Shown[]

describe('every record', () => {
  test.for([1, 2, 3])('is admitted as it is: nothing is missing, misplaced or secret (seed %i)', (seed) => {
    for (const record of story({ seed })) {
      const bytes = Buffer.from(JSON.stringify(record))
      const admission = admit(bytes, context, () => assert.fail('a record has no id'))
      assert.ok(admission.ok, `${JSON.stringify(admission)} ${bytes.toString()}`)
      assert.equal(Buffer.from(admission.entry.record).toString(), bytes.toString())
    }
  })

  test('lies within the hour, oldest first', () => {
    const times = story().map(({ eventTime }) => Date.parse(eventTime))
    assert.ok(times.every((time) => time >= end - 3_601_000 && time <= end))
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
  })

  test('has an id of its own', () => {
    assert.equal(new Set(story().map(({ eventID }) => eventID)).size, story().length)
  })

  test('comes from an address that is reserved for documentation, or from a service', () => {
    for (const { sourceIPAddress } of story())
      assert.match(
        sourceIPAddress,
        /^(203\.0\.113|198\.51\.100|192\.0\.2)\.\d+$|^[a-z0-9-]+\.amazonaws\.com$|^AWS Internal$/,
      )
  })
})

test('the same request tells the same story; another seed, moment or account another one', () => {
  assert.deepEqual(story(), story())
  const ids = new Set(story().map(({ eventID }) => eventID))
  for (const changes of [{ seed: 2 }, { end: end + 1_000 }, { account: '444455556666' }])
    assert.ok(
      story(changes).every(({ eventID }) => !ids.has(eventID)),
      JSON.stringify(changes),
    )
})

test('it is an hour of a small company, with an incident to be found', () => {
  const records = story()
  assert.ok(records.length >= 600 && records.length <= 1_000, `${records.length} records`)
  const byName = Map.groupBy(records, ({ eventName }) => eventName)
  for (const name of [
    'ConsoleLogin',
    'AssumeRoleWithWebIdentity',
    'RunInstances',
    'Decrypt',
    'Invoke',
    'PutObject',
    'RotateKey',
  ])
    assert.ok(byName.has(name), name)
  for (const name of ['StopLogging', 'DeleteTrail'])
    assert.ok(
      byName.get(name)?.every(({ errorCode }) => errorCode === 'AccessDenied'),
      name,
    )
  const stranger = records.filter(({ sourceIPAddress }) => sourceIPAddress.startsWith('198.51.100.'))
  assert.equal(new Set(stranger.map(({ userIdentity }) => userIdentity.accessKeyId)).size, 1)
  assert.ok(stranger.length > 30)
})
