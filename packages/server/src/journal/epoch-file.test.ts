import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createSimulatedDisk, type SimulatedDisk } from '../disk/index.ts'
import { seededRandom } from '../disk/seeded-random.testing.ts'
import { takeEpoch } from './epoch-file.ts'
import { JournalCorruptError } from './segment-names.ts'

const directory = '/data'
const path = `${directory}/writer-epoch`

async function emptyDisk(): Promise<SimulatedDisk> {
  const disk = createSimulatedDisk()
  await disk.makeDirectory(directory)
  await disk.syncDirectory('/')
  return disk
}

/** Takes the journal over and loses power at the given call of it, if it makes that many. */
async function takeAndLosePower(disk: SimulatedDisk, call: number, random: () => number): Promise<number | undefined> {
  const from = disk.operations
  disk.setFault(({ index }) => (index - from === call ? { kind: 'power-off', when: 'half' } : undefined))
  const taken = await takeEpoch(disk, path).then(
    ({ epoch }) => epoch,
    () => undefined,
  )
  disk.setFault(undefined)
  disk.crash(random)
  return taken
}

describe('writer epoch', () => {
  test('rises with each opening, and the earlier writer sees it', async () => {
    const disk = await emptyDisk()
    const first = await takeEpoch(disk, path)
    assert.equal(await first.current(), true)
    const second = await takeEpoch(disk, path)
    assert.ok(second.epoch > first.epoch)
    assert.deepEqual([await first.current(), await second.current()], [false, true])
  })

  test('power cuts during one takeover after the other never stop the next, and never bring an epoch back', async () => {
    for (let seed = 1; seed <= 400; seed++) {
      const random = seededRandom(seed)
      const disk = await emptyDisk()
      let last = 0
      for (let life = 0; life < 8; life++) {
        const taken = await takeAndLosePower(disk, Math.floor(random() * 9), random)
        if (taken === undefined) continue
        assert.ok(taken > last, `seed ${seed}: epoch ${taken} after ${last}`)
        last = taken
      }
      const final = await takeEpoch(disk, path)
      assert.ok(final.epoch > last)
      assert.equal(await final.current(), true)
    }
  })

  test('a newest epoch that rotted is passed over, and two that rotted are damage', async () => {
    const disk = await emptyDisk()
    for (let life = 1; life <= 5; life++) await (await takeEpoch(disk, path)).close()
    disk.corrupt(path, 10, 1)
    const next = await takeEpoch(disk, path)
    assert.ok(next.epoch > 5, `epoch ${next.epoch}`)
    disk.corrupt(path, 10, 1)
    disk.corrupt(path, 4096 + 10, 1)
    await assert.rejects(takeEpoch(disk, path), JournalCorruptError)
  })
})
