import assert from 'node:assert/strict'
import { test } from 'vitest'
import { consistencyProof, rootHash } from '../merkle/index.ts'
import { builtTree, changedLists, someLeaves } from '../merkle/naive-merkle.testing.ts'
import { formatCheckpoint, type Checkpoint } from './checkpoint.ts'
import { formatGrowthProof, parseGrowthProof, verifyGrowth } from './growth-proof.ts'
import { signerOf } from './checkpoint.testing.ts'
import { signNote } from './signed-note.ts'

const origin = 'example.com/log'
const signer = signerOf(origin)
const leaves = someLeaves(40)
const whole = builtTree(leaves)
const checkpointAt = (size: number): Checkpoint => ({
  origin,
  size,
  root: rootHash(builtTree(leaves.slice(0, size)).frontier),
})
const noteAt = (size: number): string => signNote(formatCheckpoint(checkpointAt(size)), [signer])
const trusted = (size: number) => ({ old: checkpointAt(size), origin, verifiers: [signer.key] })
const proofOf = (oldSize: number, newSize: number) => consistencyProof(oldSize, newSize, whole.nodes)

test('a log that was appended to is shown to have been, and by no other proof', async () => {
  for (const [oldSize, newSize] of [
    [0, 7],
    [1, 2],
    [7, 7],
    [13, 40],
    [32, 33],
  ] as const) {
    const proof = await proofOf(oldSize, newSize)
    const text = formatGrowthProof({ oldSize, proof, checkpoint: noteAt(newSize) })
    const verdict = verifyGrowth(text, trusted(oldSize))
    assert.ok(verdict.ok, `${oldSize} to ${newSize}`)
    assert.equal(verdict.checkpoint.size, newSize)
  }
  for (const proof of changedLists(await proofOf(13, 40)))
    if (proof.every(({ length }) => length === 32)) {
      const text = formatGrowthProof({ oldSize: 13, proof, checkpoint: noteAt(40) })
      assert.equal(verifyGrowth(text, trusted(13)).ok, false)
    }
})

test('a log that was rewritten, another log, another key and another size are told apart', async () => {
  const text = formatGrowthProof({ oldSize: 13, proof: await proofOf(13, 40), checkpoint: noteAt(40) })
  const kindOf = (other: Partial<ReturnType<typeof trusted>>) => {
    const verdict = verifyGrowth(text, { ...trusted(13), ...other })
    return verdict.ok ? 'ok' : verdict.kind
  }
  assert.equal(kindOf({}), 'ok')
  assert.equal(kindOf({ old: { ...checkpointAt(13), root: checkpointAt(12).root } }), 'not-grown')
  assert.equal(kindOf({ old: checkpointAt(12) }), 'other-size')
  assert.equal(kindOf({ verifiers: [signerOf('example.com/other').key] }), 'unverified')
  assert.equal(kindOf({ origin: 'example.com/other' }), 'foreign-origin')
  assert.equal(kindOf({ old: { ...checkpointAt(13), origin: 'example.com/other' } }), 'not-grown')
})

test('what is no proof is refused with what is wrong', async () => {
  const text = formatGrowthProof({ oldSize: 13, proof: await proofOf(13, 40), checkpoint: noteAt(40) })
  for (const [broken, wrong] of [
    [text.replace('old 13', 'old 013'), /old size/],
    [text.replace('old 13', 'new 13'), /old size/],
    [text.replace('\n', '\nAAAA\n'), /32 bytes/],
    [text.replace('\n', `\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(54)}`), /at most 53/],
    [text.replace('\n\n', '\n'), /first|32 bytes|empty line/],
    [`${text}\u0000`, /control/],
    ['', /empty line/],
  ] as const) {
    const reading = parseGrowthProof(broken)
    if (reading.ok) assert.equal(verifyGrowth(broken, trusted(13)).ok, false)
    else assert.match(reading.message, wrong)
  }
  assert.throws(() => formatGrowthProof({ oldSize: -1, proof: [], checkpoint: noteAt(40) }), RangeError)
})
