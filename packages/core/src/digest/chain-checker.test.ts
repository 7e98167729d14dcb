import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { cleanBucket, hourMs } from './clean-bucket.testing.ts'
import { awsGapText, checkChain, createChainChecker, createLogFileLedger, type ChainOptions } from './index.ts'
import { sha256Hex } from './digest-signature.ts'
import { fetchDigest, type Objects } from './objects.testing.ts'

const { objects, chains, keys, written } = cleanBucket()
const expected = chains[0]!.expected
const main = written[0]!
/** Of the first run: 08 to 16, nine digests linked to one another. */
const run = main.slice(0, 9)
const backfill = written[3]!
const fetch = (digests: typeof main, from: Objects = objects) => digests.map(({ place }) => fetchDigest(from, place))
const endOf = (index: number): number => Date.parse(main[index]!.digest.digestEndTime)
const found = (digests: typeof main, options: Partial<ChainOptions> = {}) =>
  checkChain(fetch(digests), { keys, expected, ...options }).findings.map(({ kind, subject }) => [kind, subject.key])
const keyOf = (index: number): string => main[index]!.place.key

describe('a chain', () => {
  test('is sound in whatever order its digests come', () => {
    const all = fetch([...main, ...backfill])
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
        const { findings, logFiles, checkpoint } = checkChain(shuffled, { keys, expected })
        assert.deepEqual(
          findings.map(({ kind }) => kind),
          ['gap'],
        )
        assert.equal(checkpoint?.key, main.at(-1)!.place.key)
        assert.equal(logFiles.length, (6 + 1 + 4 + 3) * 3)
      }),
      { numRuns: 10 },
    )
  })

  test('whichever digests are deleted, it is found unless they are the oldest', () => {
    const subset = fc.subarray(run, { minLength: 1 })
    fc.assert(
      fc.property(subset, (left) => {
        const kinds = new Set(found(left, { expectedUntil: endOf(8) }).map(([kind]) => kind))
        const isFullBack = left.length === run.length - run.indexOf(left[0]!)
        const isInvalid = ['digest-missing', 'newest-digest-missing', 'window-unproven'].some((kind) =>
          kinds.has(kind as never),
        )
        assert.equal(isInvalid, !isFullBack)
        assert.equal(kinds.has('older-digests-absent'), left[0] !== run[0])
      }),
      { numRuns: 60 },
    )
  })

  test('each deleted digest whose successor is there is named, and the time of the others', () => {
    assert.deepEqual(found([run[0]!, run[4]!, run[6]!, run[7]!, run[8]!]), [
      ['digest-missing', keyOf(5)],
      ['digest-missing', keyOf(3)],
      ['window-unproven', keyOf(0)],
    ])
  })

  test('the newest digest is missing only where a later one is known', () => {
    const known = (expectedUntil: number) => found(run.slice(0, 8), { expectedUntil }).map(([kind]) => kind)
    assert.deepEqual(known(endOf(7)), [])
    assert.deepEqual(known(endOf(7) + hourMs - 1), [])
    assert.deepEqual(known(endOf(8)), ['newest-digest-missing'])
    assert.deepEqual(found([], { expectedUntil: endOf(8) }), [
      ['newest-digest-missing', 'AWSLogs/210000000001/CloudTrail-Digest/eu-west-1/'],
    ])
    assert.deepEqual(
      found([]).map(([kind]) => kind),
      ['no-digests'],
    )
  })

  test('where a range is asked for, older digests may be absent, and only they', () => {
    const part = run.slice(3)
    assert.deepEqual(found(part), [['older-digests-absent', keyOf(2)]])
    assert.deepEqual(found(part, { expectedFrom: endOf(2) }), [])
    assert.deepEqual(found(part, { expectedFrom: endOf(2) - 1 }), [['digest-missing', keyOf(2)]])
    // The chain's first digest needs none before it.
    assert.deepEqual(found(run, { expectedFrom: 0 }), [])
  })

  test('a checkpoint shows a chain that was rolled back or replaced', () => {
    const checkpoint = { ...main[6]!.place, sha256: sha256Hex(main[6]!.bytes) }
    assert.deepEqual(found(run, { checkpoint }), [])
    assert.deepEqual(found(run.slice(0, 5), { checkpoint }), [['checkpoint-missing', keyOf(6)]])
    assert.deepEqual(found([], { checkpoint }).at(-1), ['checkpoint-missing', keyOf(6)])
    const other = { ...checkpoint, sha256: '0'.repeat(64) }
    assert.deepEqual(found(run, { checkpoint: other }), [['checkpoint-differs', keyOf(6)]])
  })

  test('a checkpoint older than what is asked for, or than what is left, says nothing', () => {
    const checkpoint = { ...main[1]!.place, sha256: sha256Hex(main[1]!.bytes) }
    assert.deepEqual(found(run.slice(3), { checkpoint, expectedFrom: endOf(2) }), [])
    assert.deepEqual(found(run.slice(3), { checkpoint }), [['older-digests-absent', keyOf(2)]])
    // But a chain that begins anew after it hides what was before.
    assert.deepEqual(found(main.slice(9), { checkpoint }), [['checkpoint-missing', keyOf(1)]])
  })

  test('the log files of a digest that lost its signature are proved by the next digest, but not without it', () => {
    const bare = new Map([...objects].map(([name, object]) => [name, { ...object, metadata: {} }]))
    const digests = [...fetch(run.slice(0, 5)), ...fetch(run.slice(5, 6), bare), ...fetch(run.slice(6))]
    const whole = checkChain(digests, { keys, expected })
    assert.deepEqual(
      whole.findings.map(({ kind }) => kind),
      ['signature-missing'],
    )
    assert.equal(whole.logFiles.length, 7 * 3)
    const { logFiles } = checkChain(digests.slice(0, 6), { keys, expected })
    assert.ok(!logFiles.some(({ s3Object }) => run[5]!.digest.logFiles.some((file) => file.s3Object === s3Object)))
  })

  test('copies of a chain’s first digest are not taken for what came before it', () => {
    const first = main[9]!
    const object = objects.get(`${first.place.bucket}/${first.place.key}`)!
    for (const bucket of ['a-copy', 'z-copy']) {
      const copy = fetchDigest(new Map([[`${bucket}/${first.place.key}`, object]]), { ...first.place, bucket })
      const { findings } = checkChain([...fetch(main), copy], { keys, expected })
      assert.deepEqual(findings.map(({ kind }) => kind).toSorted(), ['digest-moved', 'gap'])
    }
  })

  test('backfill digests leave hours out, and that is no hole', () => {
    const bare = new Map([...objects].map(([name, object]) => [name, { ...object, metadata: {} }]))
    const digests = [...fetch(backfill.slice(0, 2)), ...fetch(backfill.slice(2), bare)]
    const { findings } = checkChain(digests, { keys, expected: { ...expected, isBackfill: true } })
    assert.deepEqual(
      findings.filter(({ kind }) => kind !== 'no-digests').map(({ kind }) => kind),
      ['signature-missing', 'backfill-time-missing'],
    )
  })

  test('digests are to be added newest first', () => {
    const checker = createChainChecker({ keys, expected })
    const [older, newer] = fetch(run.slice(0, 2))
    checker.add(older!)
    assert.throws(() => checker.add(newer!), RangeError)
  })

  test('a gap is told in the words of the AWS CLI', () => {
    const { findings } = checkChain(fetch(main), { keys, expected })
    const text = 'No log files were delivered by CloudTrail between 2026-03-05T02:11:12Z and 2026-03-05T05:35:12Z'
    assert.deepEqual(
      findings.map((one) => awsGapText(one)),
      [text],
    )
    assert.equal(awsGapText(findings[0]!, true), `(backfill) ${text}`)
  })

  test('log files that were delivered in a gap, before the first digest, or after the last, are told apart', () => {
    const ledger = createLogFileLedger()
    checkChain(fetch(main), { keys, expected, ledger })
    const { s3Bucket: bucket, s3Object } = main[9]!.digest.logFiles[0]!
    const at = (stamp: string) => {
      const day = `${stamp.slice(0, 4)}/${stamp.slice(4, 6)}/${stamp.slice(6, 8)}`
      const key = s3Object.replace(/\d{4}\/\d\d\/\d\d/, day).replace(/\d{8}T\d{4}Z_.{16}/, `${stamp}_AAAAAAAAAAAAAAAA`)
      return ledger.judge({ bucket, key })?.kind
    }
    assert.equal(at('20260305T0330Z'), 'log-file-in-gap')
    assert.equal(at('20260304T1000Z'), 'log-file-not-covered')
    assert.equal(at('20260304T2000Z'), 'log-file-unlisted')
    assert.equal(at('20260305T0700Z'), 'log-file-unlisted')
    assert.equal(at('20260305T1100Z'), 'log-file-not-yet-digested')
    assert.equal(ledger.judge({ bucket, key: s3Object }), undefined)
    assert.equal(ledger.judge({ bucket, key: 'AWSLogs/210000000001/CloudTrail/' }), undefined)
  })

  test('where a trail has ended, a log file in the folder that it shared with another may be its', () => {
    const ledger = createLogFileLedger()
    checkChain(fetch(main), { keys, expected, ledger })
    const { s3Bucket: bucket, s3Object } = main[10]!.digest.logFiles[0]!
    const key = s3Object.replace(/_.{16}\.json/, '_AAAAAAAAAAAAAAAA.json')
    assert.equal(ledger.judge({ bucket, key })?.kind, 'log-file-unlisted')
    ledger.coverage(expected).cover(endOf(0) - hourMs, endOf(0), main[10]!.place)
    assert.equal(ledger.judge({ bucket, key })?.kind, 'log-file-in-gap')
  })
})
