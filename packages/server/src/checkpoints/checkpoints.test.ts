import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'vitest'
import {
  formatProof,
  openCheckpoint,
  parseVerifierKey,
  verifyGrowth,
  formatGrowthProof,
  verifyProof,
  type NoteKey,
} from '@opentrail/core/checkpoint'
import type { Sequence, StreamId } from '@opentrail/core/event'
import { systemRandom } from '../clock/index.ts'
import { createMemoryControlStore, type ControlStore } from '../control/index.ts'
import { account, entries, stream as streamNumber } from '../journal/entries.testing.ts'
import { createMemoryJournal, type Journal } from '../journal/index.ts'
import { diskWithData, openOn } from '../journal/segment-journal.testing.ts'
import { CipherError, openKeyRing } from '../keyring/index.ts'
import { LeavesLostError, openStreamTrees } from '../stream-trees/index.ts'
import { createCheckpoints, createCheckpointSigner, LogKeyError, openLogKey } from './index.ts'

const stream = streamNumber(1)
const rootKey = randomBytes(32).toString('base64')
const ringOf = (control: ControlStore, value = rootKey) =>
  openKeyRing({ control, source: { kind: 'environment', variable: 'ROOT', value }, random: systemRandom, now: () => 0 })

const keyOf = (text: string): NoteKey => {
  const reading = parseVerifierKey(text)
  assert.ok(reading.ok)
  return reading.key
}

async function openAll(journal: Journal, control: ControlStore) {
  const keyRing = await ringOf(control)
  const signer = createCheckpointSigner(await openLogKey({ control, keyRing, now: () => 0 }), 'audit.example.com')
  const failures: unknown[] = []
  const trees = await openStreamTrees({
    journal,
    control,
    now: () => 0,
    failed: (_, __, error) => failures.push(error),
  })
  return { keyRing, signer, trees, failures, checkpoints: createCheckpoints({ journal, trees, signer }) }
}

type All = Awaited<ReturnType<typeof openAll>>

/** Who kept a checkpoint looks at a later one. */
async function assertGrown({ checkpoints, signer }: All, kept: string, to: number): Promise<void> {
  const key = keyOf(signer.verifierKey(stream))
  const trusted = { origin: signer.origin(stream), verifiers: [key] }
  const old = openCheckpoint(kept, trusted)
  assert.ok(old.ok)
  const { note } = await checkpoints.checkpoint(stream, to)
  const proof = await checkpoints.consistency(stream, old.checkpoint.size, to)
  const file = formatGrowthProof({ oldSize: old.checkpoint.size, proof, checkpoint: note })
  assert.ok(verifyGrowth(file, { ...trusted, old: old.checkpoint }).ok, `${old.checkpoint.size} to ${to}`)
}

describe('the key that signs checkpoints', () => {
  test('is made once and found again; two that start at once have the same', async () => {
    const control = createMemoryControlStore()
    const keyRing = await ringOf(control)
    const open = () => openLogKey({ control, keyRing, now: () => 5 })
    const keys = await Promise.all([open(), open()])
    keys.push(await open())
    assert.equal(new Set(keys.map(({ fingerprint }) => fingerprint)).size, 1)
    assert.match(keys[0].fingerprint, /^[0-9a-f]{16}$/)
    const stored = JSON.stringify(await control.get('checkpoints/key'))
    const secret = keys[0].privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32)
    assert.ok(!stored.includes(secret.toString('base64')), 'the private half is sealed')
  })

  test('that cannot be opened stops the start: verifiers know no other', async () => {
    const control = createMemoryControlStore()
    const keyRing = await ringOf(control)
    await openLogKey({ control, keyRing, now: () => 0 })
    const foreign = await ringOf(createMemoryControlStore())
    await assert.rejects(openLogKey({ control, keyRing: foreign, now: () => 0 }), LogKeyError)
  })

  test('names each log by account and Region, below the configured name or one of its own', async () => {
    const control = createMemoryControlStore()
    const key = await openLogKey({ control, keyRing: await ringOf(control), now: () => 0 })
    const of = '111122223333/eu-west-1' as StreamId
    const named = createCheckpointSigner(key, 'audit.example.com/x')
    assert.equal(named.origin(of), 'audit.example.com/x/111122223333/eu-west-1')
    assert.equal(keyOf(named.verifierKey(of)).name, named.origin(of))
    assert.equal(createCheckpointSigner(key).origin(of), `${key.fingerprint}.opentrail.invalid/${of}`)
  })
})

describe('checkpoints', () => {
  test('are of the size that is asked for or the newest, the empty log too, and the same each time', async () => {
    const journal = createMemoryJournal()
    const all = await openAll(journal, createMemoryControlStore())
    const empty = await all.checkpoints.checkpoint(stream)
    assert.match(empty.note, /^audit\.example\.com\/000000000001\/eu-west-1\n0\n47DEQpj8HBSa/)
    await journal.append(stream, entries('a', 300))
    const early = await all.checkpoints.checkpoint(stream, 77)
    const newest = await all.checkpoints.checkpoint(stream)
    assert.deepEqual([early.size, newest.size], [77, 300])
    await journal.append(stream, entries('b', 300))
    assert.equal((await all.checkpoints.checkpoint(stream, 77)).note, early.note)
    for (const note of [early.note, newest.note, empty.note]) await assertGrown(all, note, 600)
    await assert.rejects(all.checkpoints.checkpoint(stream, 601), RangeError)
    await all.trees.close()
    assert.deepEqual(all.failures, [])
  })

  test('stay provable when retention has removed the entries, and the proof of a removed one stays valid', async () => {
    const journal = createMemoryJournal()
    const all = await openAll(journal, createMemoryControlStore())
    const early = entries('early', 500, { admittedAt: 1 })
    await journal.append(stream, early)
    const { note } = await all.checkpoints.checkpoint(stream, 345)
    const proof = await all.checkpoints.inclusion(stream, 101 as Sequence, 345)
    const file = formatProof({ index: 100, proof, checkpoint: note, extra: early[100]!.record })
    await all.trees.store()
    assert.ok((await journal.retain(Infinity, all.trees.cursors())) > 0)
    await journal.append(stream, entries('late', 400))
    await assertGrown(all, note, 900)
    const key = keyOf(all.signer.verifierKey(stream))
    const trusted = { recordHash: early[100]!.recordHash, origin: key.name, verifiers: [key] }
    assert.ok(verifyProof(file, trusted).ok)
    await assert.rejects(all.checkpoints.inclusion(stream, 101 as Sequence, 900), LeavesLostError)
    await all.trees.close()
  })

  test('stay provable when the key of the account is destroyed, and new entries are proved as before', async () => {
    const control = createMemoryControlStore()
    const ring = await ringOf(control)
    const { journal } = await openOn(await diskWithData(), { cipher: ring.cipher, cacheBytesMax: 0 })
    let all = await openAll(journal, control)
    const early = entries('early', 700)
    await journal.append(stream, early)
    const { note } = await all.checkpoints.checkpoint(stream, 345)
    const proof = await all.checkpoints.inclusion(stream, 101 as Sequence, 345)
    const file = formatProof({ index: 100, proof, checkpoint: note })
    await all.trees.close()
    await journal.settled()
    await ring.destroy(account(1))
    await assert.rejects(journal.read(stream, 0, 1), CipherError)

    all = await openAll(journal, control)
    const late = entries('late', 1_000)
    await journal.append(stream, late)
    await assertGrown(all, note, 1_700)
    const key = keyOf(all.signer.verifierKey(stream))
    const trusted = { recordHash: early[100]!.recordHash, origin: key.name, verifiers: [key] }
    assert.ok(verifyProof(file, trusted).ok)
    await assert.rejects(all.checkpoints.inclusion(stream, 101 as Sequence, 1_700), LeavesLostError)
    // In a tile of entries that can all be read.
    const index = 1_023
    const newest = await all.checkpoints.checkpoint(stream)
    const proofOfLate = await all.checkpoints.inclusion(stream, (index + 1) as Sequence, newest.size)
    const text = formatProof({ index, proof: proofOfLate, checkpoint: newest.note })
    const { recordHash } = late[index - 700]!
    assert.ok(verifyProof(text, { recordHash, origin: key.name, verifiers: [key] }).ok)
    await all.trees.close()
    await journal.close()
    assert.deepEqual(all.failures, [])
  })
})
