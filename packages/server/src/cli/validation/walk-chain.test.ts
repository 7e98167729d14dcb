import assert from 'node:assert/strict'
import { digestKey, type DigestFile, type Place } from '@opentrail/core/digest'
import { formatEventTime } from '@opentrail/core/event'
import { describe, test } from 'vitest'
import { parseTrailArn } from './trail-place.ts'
import { walkChain, type JudgedDigest } from './walk-chain.ts'

const parsed = parseTrailArn('arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit')!
const { account, homeRegion, name: trailName } = parsed
const hourMs = 3_600_000
const start = Date.parse('2026-03-04T00:00:00Z')
const stamp = (hour: number): number => start + hour * hourMs
const place = (hour: number, bucket = 'logs'): Place => ({
  bucket,
  key: digestKey({ account, homeRegion, sourceRegion: homeRegion, trailName, isBackfill: false, endTime: stamp(hour) }),
})

/** Hours whose digests are there, with what each is linked to. */
type Chain = Readonly<Record<number, Place | null>>

async function walk(
  chain: Chain,
  options: { missing?: number[]; listed?: number[]; bucketOf?: Record<number, string> } = {},
) {
  const { missing = [], bucketOf = {} } = options
  const hours = Object.keys(chain).map(Number)
  const listed = (options.listed ?? hours).filter((hour) => !missing.includes(hour))
  const steps = walkChain<JudgedDigest>({
    bucket: 'logs',
    from: stamp(0),
    list: async (bucket) =>
      listed.filter((hour) => (bucketOf[hour] ?? 'logs') === bucket).map((hour) => place(hour, bucket)),
    async judge(at) {
      const hour = hours.find((each) => place(each).key === at.key)
      if (hour === undefined || missing.includes(hour)) return { place: at, status: 'invalid' }
      const previous = chain[hour]!
      const digest = {
        digestStartTime: formatEventTime(stamp(hour - 1)),
        previousDigestS3Bucket: previous?.bucket ?? null,
        previousDigestS3Object: previous?.key ?? null,
      } as DigestFile
      return { place: at, status: 'valid', digest }
    },
  })
  const seen: string[] = []
  for await (const step of steps) {
    if (step.kind === 'gap') seen.push(`gap ${(step.from - start) / hourMs}-${(step.to - start) / hourMs}`)
    else {
      const hour = Number(/T(\d\d)/.exec(step.judged.place.key)?.[1])
      seen.push(`${step.isOnChain ? '' : 'stray '}${hour}${step.judged.place.bucket === 'logs' ? '' : '*'}`)
    }
  }
  return seen
}

describe('the walk along a chain', () => {
  test('goes along the links, newest first', async () => {
    assert.deepEqual(await walk({ 1: null, 2: place(1), 3: place(2) }), ['3', '2', '1'])
  })

  test('a chain that begins is a gap if there is an older digest', async () => {
    assert.deepEqual(await walk({ 1: null, 2: place(1), 6: null }), ['6', 'gap 2-5', '2', '1'])
  })

  test('a missing digest is looked at, and the next older one that is listed follows', async () => {
    assert.deepEqual(await walk({ 1: null, 2: place(1), 3: place(2) }, { missing: [2] }), ['3', '2', '1'])
  })

  test('what is listed and linked to by nothing is brought, too', async () => {
    assert.deepEqual(await walk({ 1: null, 2: place(1), 3: place(1) }), ['3', 'stray 2', '1'])
  })

  test('a link to another bucket leads there', async () => {
    const chain = { 1: null, 2: place(1, 'old'), 3: place(2, 'old') }
    assert.deepEqual(await walk(chain, { bucketOf: { 1: 'old', 2: 'old' } }), ['3', '2*', '1*'])
  })

  test('it ends where the range begins', async () => {
    assert.deepEqual(await walk({ [-1]: null, 0: place(-1), 1: place(0) }, { listed: [0, 1] }), ['1', '0'])
  })

  test('links that go round end all the same', async () => {
    assert.deepEqual(await walk({ 1: place(3), 2: place(1), 3: place(2) }), ['3', '2', '1'])
  })
})
