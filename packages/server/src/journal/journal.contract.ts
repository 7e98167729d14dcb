import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { Sequence, StoredEntry } from '@opentrail/core/event'
import { createTreeBuilder, leafHash } from '@opentrail/core/merkle'
import { assertHolds, assertSame, entries, entry, readAll, stream, type Acknowledged } from './entries.testing.ts'
import { JournalFullError, type Journal, type TreeNode } from './journal.ts'

const sequence = (value: number): Sequence => value as Sequence
const hexes = (hashes: readonly Uint8Array[]): string[] => hashes.map((hash) => Buffer.from(hash).toString('hex'))

/** What every journal promises. `make` opens an empty one with room for about `bytesMax` bytes, `reserveBytes` of it kept back. */
export function journalContract(
  name: string,
  make: (limits?: { bytesMax: number; reserveBytes: number }) => Promise<Journal>,
): void {
  describe(`journal: ${name}`, () => {
    test('an unknown stream has nothing, and reading it creates nothing', async () => {
      const journal = await make()
      assert.deepEqual(await journal.read(stream(1), 0, 10), { entries: [], last: 0 })
      assert.deepEqual(await journal.get(stream(1), [sequence(1)]), [undefined])
      assert.equal(journal.durable(stream(1)), 0)
      assert.deepEqual(journal.streams(), [])
      assert.equal(await journal.retain(Infinity, new Map()), 0)
      await journal.close()
    })

    test('sequences are dense per stream, entries come back byte for byte, whatever appends run at once', async () => {
      const journal = await make()
      const acknowledged: Acknowledged = new Map()
      const appends = Array.from({ length: 60 }, async (_, round) => {
        const batch = entries(`round-${round}`, 1 + (round % 5))
        return { to: stream(round % 3), batch, last: await journal.append(stream(round % 3), batch) }
      })
      for (const { to, batch, last } of (await Promise.all(appends)).sort((a, b) => a.last - b.last)) {
        const all = acknowledged.get(to) ?? []
        acknowledged.set(to, all)
        all.push(...batch)
        assert.equal(last, all.length, 'an append overlaps another')
      }
      await assertHolds(journal, acknowledged)
      assert.equal(journal.streams().length, 3)
      await journal.close()
    })

    test('reading goes on from any place, at most `limit`; getting keeps the order asked for', async () => {
      const journal = await make()
      const all = entries('x', 50)
      for (let at = 0; at < 50; at += 10) await journal.append(stream(1), all.slice(at, at + 10))
      const page = await journal.read(stream(1), sequence(7), 5)
      assert.deepEqual(
        page.entries.map((entry) => entry.sequence),
        [8, 9, 10, 11, 12],
      )
      assert.equal(page.last, 12)
      assert.equal((await journal.read(stream(1), sequence(50), 5)).last, 50)
      const wanted = [50, 3, 51, 1, 3, 27].map(sequence)
      const got = await journal.get(stream(1), wanted)
      assert.equal(got[2], undefined)
      for (const [index, number] of wanted.entries())
        if (number <= 50) assertSame(got[index], all[number - 1]!, `entry ${number}`)
      await journal.close()
    })

    test('recent ids are those of the entries, from any place, and leave out only what is too old', async () => {
      const journal = await make()
      const all = Array.from({ length: 40 }, (_, round) => entries(`ids-${round}`, 3, { admittedAt: round * 10 }))
      for (const batch of all) await journal.append(stream(1), batch)
      await journal.append(stream(2), entries('other', 5))
      const own = all.flat()
      for (const [after, admittedFrom] of [
        [0, -Infinity],
        [0, 250],
        [57, 0],
        [119, 0],
        [120, 0],
        [0, Infinity],
      ] as const) {
        let next = 0
        for await (const { first, idKeys, admittedAt } of journal.recentIds(
          stream(1),
          after as Sequence | 0,
          admittedFrom,
        )) {
          if (next === 0) {
            assert.ok(first > after)
            for (const { admittedAt } of own.slice(after, first - 1)) assert.ok(admittedAt < admittedFrom)
          } else assert.equal(first, next)
          assert.equal(idKeys.length, admittedAt.length * 16)
          for (const [index, time] of admittedAt.entries()) {
            const entry = own[first + index - 1]!
            assert.equal(time, entry.admittedAt)
            assert.ok(Buffer.from(entry.idKey).equals(idKeys.subarray(index * 16, index * 16 + 16)))
          }
          next = first + admittedAt.length
        }
        if (after < 120 && admittedFrom < Infinity) assert.equal(next, 121, 'all up to the end')
      }
      for await (const unexpected of journal.recentIds(stream(9), 0, 0)) assert.fail(`${unexpected.first}`)
      await journal.close()
    })

    test('appending nothing changes nothing; large, empty and odd entries survive', async () => {
      const journal = await make()
      assert.equal(await journal.append(stream(1), []), 0)
      assert.deepEqual(journal.streams(), [])
      const odd = [
        entry('large', { size: 300_000 }),
        { ...entry('empty'), record: new Uint8Array(0), envelope: new Uint8Array(0) },
        { ...entry('foreign hash and key'), recordHash: Buffer.alloc(32, 7), idKey: Buffer.alloc(16, 9) },
        { ...entry('time'), admittedAt: 1.5 },
        { ...entry('earlier'), admittedAt: -5 },
      ]
      assert.equal(await journal.append(stream(1), odd), odd.length)
      await assertHolds(journal, new Map([[stream(1), odd]]))
      await journal.close()
    })

    test('listeners hear of each entry once, in order, until they stop', async () => {
      const journal = await make()
      const heard: StoredEntry[] = []
      const stop = journal.subscribe((_, entries) => heard.push(...entries))
      await Promise.all(Array.from({ length: 20 }, (_, i) => journal.append(stream(i % 2), entries(`b${i}`, 3))))
      for (const number of [0, 1]) {
        const own = heard.filter((entry) => entry.stream === stream(number))
        assert.deepEqual(
          own.map((entry) => entry.sequence),
          Array.from({ length: 30 }, (_, index) => index + 1),
        )
        const stored = await readAll(journal, stream(number))
        own.forEach((entry, index) => assertSame(entry, stored[index]!, `heard ${index}`))
      }
      stop()
      await journal.append(stream(0), entries('later', 1))
      assert.equal(heard.length, 60)
      await journal.close()
    })

    test('listeners hear of the tree that the entries make, and of each row node that they complete', async () => {
      const journal = await make()
      const rows: TreeNode[] = []
      const leaves: Uint8Array[] = []
      journal.subscribe((_, heard, growth) => {
        for (const { recordHash } of heard) leaves.push(leafHash(recordHash))
        assert.equal(growth.frontier.size, heard.at(-1)!.sequence)
        const builder = createTreeBuilder()
        for (const leaf of leaves) builder.append(leaf)
        assert.deepEqual(hexes(growth.frontier.nodes), hexes(builder.frontier().nodes))
        rows.push(...growth.rows)
      })
      for (const [round, count] of [200, 55, 1, 300, 250].entries())
        await journal.append(stream(1), entries(`r${round}`, count))
      const expected: TreeNode[] = []
      const builder = createTreeBuilder({
        levels: [8, 16],
        keep: (level, index, hash) => expected.push({ level, index, hash }),
      })
      for (const leaf of leaves) builder.append(leaf)
      assert.equal(expected.length, 3)
      const plain = (nodes: readonly TreeNode[]) =>
        nodes.map(({ level, index, hash }) => [level, index, ...hexes([hash])])
      assert.deepEqual(plain(rows), plain(expected))
      await journal.close()
    })

    test('what a listener hears of is already readable', async () => {
      const journal = await make()
      const seen: number[] = []
      journal.subscribe((to, heard) => seen.push(journal.durable(to) - heard.at(-1)!.sequence))
      await Promise.all(Array.from({ length: 10 }, (_, i) => journal.append(stream(1), entries(`b${i}`, 2))))
      assert.ok(seen.length > 0 && seen.every((distance) => distance >= 0))
      await journal.close()
    })

    test('retention frees what is old and passed by the cursor, and never loses count', async () => {
      const journal = await make()
      const old = entries('old', 20, { admittedAt: 1_000 })
      const young = entries('young', 20, { admittedAt: 900_000_000 })
      await journal.append(stream(1), old)
      assert.equal(
        await journal.retain(2_000, new Map([[stream(1), sequence(19)]])).then(() => journal.durable(stream(1))),
        20,
      )
      assert.ok((await journal.read(stream(1), sequence(19), 1)).entries.length === 1, 'entry 20 is not passed yet')
      await journal.append(stream(1), young)
      assert.ok((await journal.retain(2_000, new Map([[stream(1), sequence(40)]]))) > 0)
      const [state] = journal.streams()
      assert.equal(state!.first, 21)
      assert.equal(state!.last, 40)
      assert.equal(state!.frontier.size, 40)
      const page = await journal.read(stream(1), 0, 100)
      assert.equal(page.entries[0]!.sequence, 21)
      assert.equal(page.last, 40)
      assert.deepEqual(await journal.get(stream(1), [sequence(20), sequence(1)]), [undefined, undefined])
      assert.ok((await journal.retain(Infinity, new Map())) > 0)
      assert.deepEqual(await journal.read(stream(1), sequence(30), 10), { entries: [], last: 30 })
      assert.equal(journal.streams()[0]!.first, 41)
      assert.equal(await journal.append(stream(1), entries('next', 1)), 41)
      assert.equal((await journal.read(stream(1), 0, 10)).entries.length, 1)
      await journal.close()
    })

    test('a full journal refuses whole appends, keeps a reserve, and goes on once space is freed', async () => {
      const journal = await make({ bytesMax: 64_000, reserveBytes: 24_000 })
      let stored = 0
      await assert.rejects(async () => {
        for (; stored < 1_000; stored++)
          await journal.append(stream(1), entries(`n${stored}`, 1, { size: 2_000, admittedAt: 1 }))
      }, JournalFullError)
      assert.ok(stored > 5 && stored < 1_000, `${stored} stored`)
      assert.equal(journal.durable(stream(1)), stored)
      await journal.append(stream(1), entries('audit', 1, { admittedAt: 1 }), { reserve: true })
      await assert.rejects(
        journal.append(stream(1), entries('big', 1, { size: 60_000 }), { reserve: true }),
        JournalFullError,
      )
      assert.ok((await journal.retain(2, new Map())) > 0)
      assert.equal(await journal.append(stream(1), entries('again', 1)), stored + 2)
      await journal.close()
    })

    test('a closed journal refuses', async () => {
      const journal = await make()
      await journal.close()
      await assert.rejects(journal.append(stream(1), entries('late', 1)))
    })
  })
}
