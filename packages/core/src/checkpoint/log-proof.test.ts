import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { test } from 'vitest'
import { createNodeTable, createTreeBuilder, inclusionProof, leafHash, rootHash } from '../merkle/index.ts'
import { mutationsOf, signerOf, withOneCharacterChanged } from './checkpoint.testing.ts'
import { formatCheckpoint } from './checkpoint.ts'
import { formatProof, parseProof, proofExtraBytesMax, verifyProof } from './log-proof.ts'
import { signNote } from './signed-note.ts'

const origin = 'audit.example/210000000001/eu-west-1'
const log = signerOf(origin)
const recordHashes = Array.from({ length: 21 }, (_, index) => createHash('sha256').update(`record ${index}`).digest())

const table = createNodeTable()
const builder = createTreeBuilder({ keep: table.keep })
for (const recordHash of recordHashes) builder.append(leafHash(recordHash))
const size = recordHashes.length
const root = rootHash(builder.frontier())
const checkpoint = signNote(formatCheckpoint({ origin, size, root }), [log])

const index = 13
const proof = await inclusionProof(size, index, table.nodes)
const file = formatProof({ index, proof, checkpoint })
const trusted = { recordHash: recordHashes[index]!, origin, verifiers: [log.key] }
const kindOf = (text: string | Uint8Array, given = trusted) => {
  const verdict = verifyProof(text, given)
  return verdict.ok ? 'proven' : verdict.kind
}

test('a proof is a header, the index, the hashes, and the checkpoint as it was issued', () => {
  const hashes = proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')
  assert.equal(file, `c2sp.org/tlog-proof@v1\nindex 13\n${hashes}\n${checkpoint}`)
  const extra = formatProof({ index, proof, checkpoint, extra: Buffer.from('more') })
  assert.ok(extra.startsWith('c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nindex 13\n'))
  assert.deepEqual(parseProof(extra), {
    ok: true,
    proof: {
      index,
      proof: proof.map((hash) => Uint8Array.from(hash)),
      checkpoint,
      extra: Uint8Array.from(Buffer.from('more')),
    },
  })
})

test('a record is proven by its hash, the origin and the key of the log, in bytes as in text', () => {
  for (const form of [file, Buffer.from(file)]) {
    const verdict = verifyProof(form, trusted)
    assert.ok(verdict.ok)
    assert.equal(verdict.index, index)
    assert.equal(verdict.checkpoint.size, size)
  }
})

test('each record has a proof, and it is none of another record', async () => {
  for (const [at, recordHash] of recordHashes.entries()) {
    const text = formatProof({ index: at, proof: await inclusionProof(size, at, table.nodes), checkpoint })
    assert.equal(kindOf(text, { ...trusted, recordHash }), 'proven')
    for (const other of recordHashes)
      if (other !== recordHash) assert.equal(kindOf(text, { ...trusted, recordHash: other }), 'not-included')
  }
})

test('another log or another key is not what was trusted', () => {
  assert.equal(kindOf(file, { ...trusted, origin: 'other.example' }), 'foreign-origin')
  assert.equal(kindOf(file, { ...trusted, verifiers: [signerOf('other.example').key] }), 'unverified')
})

test('no character of a proof can be changed', () => {
  for (const changed of withOneCharacterChanged(file)) assert.notEqual(kindOf(changed), 'proven', changed)
})

test('the proof of the only record has no hashes', () => {
  const [recordHash] = recordHashes
  const one = signNote(formatCheckpoint({ origin, size: 1, root: leafHash(recordHash!) }), [log])
  assert.equal(
    kindOf(formatProof({ index: 0, proof: [], checkpoint: one }), { ...trusted, recordHash: recordHash! }),
    'proven',
  )
})

test.each([
  ['another version', file.replace('@v1', '@v2')],
  ['no index', file.replace('index 13\n', '')],
  ['a leading zero', file.replace('index 13', 'index 013')],
  ['a negative index', file.replace('index 13', 'index -13')],
  ['an index that is not exact', file.replace('index 13', 'index 9007199254740992')],
  ['extra data after the index', file.replace('index 13\n', 'index 13\nextra bW9yZQ==\n')],
  ['extra data twice', file.replace('index', 'extra bW9yZQ==\nextra bW9yZQ==\nindex')],
  ['empty extra data', file.replace('index', 'extra \nindex')],
  ['extra data that is no Base64', file.replace('index', 'extra bW9yZQ=\nindex')],
  ['a hash too short', file.replace('index 13\n', `index 13\n${Buffer.alloc(31).toString('base64')}\n`)],
  ['a hash with a space', file.replace('index 13\n', `index 13\n${Buffer.alloc(32).toString('base64')} \n`)],
  ['54 hashes', file.replace('index 13\n', `index 13\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(54)}`)],
  ['no checkpoint', file.slice(0, file.indexOf('\n\n'))],
  ['carriage returns', file.replaceAll('\n', '\r\n')],
  ['no UTF-8', Buffer.concat([Buffer.from(file), Uint8Array.of(0xff)])],
])('%s: no proof', (_, text) => {
  assert.equal(parseProof(text).ok, false)
  assert.equal(kindOf(text), 'malformed')
})

test('the largest extra data is read, and more is neither written nor read', () => {
  const extra = new Uint8Array(proofExtraBytesMax)
  assert.equal(kindOf(formatProof({ index, proof, checkpoint, extra })), 'proven')
  assert.throws(
    () => formatProof({ index, proof, checkpoint, extra: new Uint8Array(proofExtraBytesMax + 1) }),
    RangeError,
  )
  const larger = Buffer.alloc(proofExtraBytesMax + 1).toString('base64')
  assert.equal(parseProof(file.replace('index', `extra ${larger}\nindex`)).ok, false)
  assert.equal(parseProof(' '.repeat(10_000_000)).ok, false)
})

test('what could not be read back is not written', () => {
  const hash = proof[0]!
  for (const bad of [
    { index: -1 },
    { index: 0.5 },
    { index: 2 ** 53 },
    { proof: [hash.subarray(1)] },
    { proof: Array<Uint8Array>(54).fill(hash) },
    { checkpoint: '' },
    { checkpoint: formatCheckpoint({ origin, size, root }) },
    { extra: new Uint8Array() },
  ])
    assert.throws(() => formatProof({ index, proof, checkpoint, ...bad }), RangeError, JSON.stringify(bad))
})

test('what is read of a mutated proof is written the same, proves the same or nothing, and nothing throws', () => {
  const seed = formatProof({ index, proof, checkpoint, extra: Buffer.from('more') })
  const property = fc.property(mutationsOf(seed), (mutated) => {
    const verdict = verifyProof(mutated, trusted)
    if (!verdict.ok) return
    const reading = parseProof(mutated)
    assert.ok(reading.ok)
    assert.equal(formatProof(reading.proof), mutated)
    assert.equal(verdict.index, index)
    assert.equal(verdict.checkpoint.size, size)
  })
  fc.assert(property, { numRuns: 1_000, interruptAfterTimeLimit: 3_000 })
})
