import assert from 'node:assert/strict'
import type { ApiDigest } from '@opentrail/core/api'
import { test } from 'vitest'
import { boxSize, chainPicture, chainSentence } from './digest-chain.ts'

const digest = (key: string, previousKey?: string, state: ApiDigest['state'] = 'valid'): ApiDigest => ({
  account: '111122223333',
  region: 'eu-west-1',
  bucket: 'logs',
  key,
  start: '2026-11-21T10:00:00Z',
  end: '2026-11-21T11:00:00Z',
  files: 1,
  fingerprint: 'f',
  state,
  ...(previousKey !== undefined && { previousKey }),
})

test('a chain is told from its beginning to its end', () => {
  const picture = chainPicture([digest('c', 'b'), digest('b', 'a'), digest('a')], 1_000, false)
  assert.deepEqual(
    picture.boxes.map(({ digest: { key }, link }) => [key, link]),
    [
      ['a', 'begins'],
      ['b', 'joined'],
      ['c', 'joined'],
    ],
  )
  assert.equal(chainSentence(picture), '3 digests: 3 valid. The chain has no gap.')
})

test('a gap is a gap; what was not asked for is none', () => {
  const digests = [digest('d', 'c', 'invalid'), digest('b', 'a', 'missing')]
  assert.deepEqual(
    chainPicture(digests, 1_000, false).boxes.map(({ link }) => link),
    ['broken', 'broken'],
  )
  const more = chainPicture(digests, 1_000, true)
  assert.deepEqual(
    more.boxes.map(({ link }) => link),
    ['unseen', 'broken'],
  )
  assert.equal(chainSentence(more), '2 digests: 1 altered, 1 missing. The chain is broken in 1 place.')
})

test('boxes stay within the width, and none lies on another', () => {
  const digests = Array.from({ length: 30 }, (_, index) => digest(`k${index}`))
  for (const width of [100, 375, 800, 1_600]) {
    const { boxes, ...picture } = chainPicture(digests, width, false)
    assert.ok(width < 150 || picture.width <= width)
    assert.equal(new Set(boxes.map(({ x, y }) => `${x} ${y}`)).size, 30)
    assert.ok(boxes.every(({ x, y }) => x + boxSize.width <= picture.width && y + boxSize.height <= picture.height))
  }
})
