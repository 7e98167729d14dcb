import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { ControlConflictError, ControlLimitError, ControlUnavailableError } from './control-store.ts'
import type { ControlStore } from './control-store.ts'
import { keyBytesMax, listLimitMax, valueBytesMax, writesMax } from './control-limits.ts'

export interface ControlStoreFixture {
  readonly store: ControlStore
  /** The same documents, opened again by a new process. */
  reopen(): Promise<ControlStore>
  dispose(): Promise<void>
}

/** What every control store promises. */
export function controlStoreContract(name: string, create: () => Promise<ControlStoreFixture>): void {
  describe(`control store: ${name}`, () => {
    let fixture: ControlStoreFixture
    let store: ControlStore
    beforeEach(async () => {
      fixture = await create()
      store = fixture.store
    })
    afterEach(() => fixture.dispose())

    test('a document is read back as written, and an absent one is undefined', async () => {
      const value = { text: 'ä €  😀', list: [1, 2.5, null], nested: { empty: {} } }
      await store.transact([{ key: 'area/part', value }])
      assert.deepEqual((await store.get('area/part'))?.value, value)
      assert.equal(await store.get('area/par'), undefined)
      await store.transact([{ key: 'area/part', value: undefined }])
      assert.equal(await store.get('area/part'), undefined)
    })

    test('documents and versions are there after reopening', async () => {
      await store.transact([{ key: 'a/1', value: 'one' }])
      const before = await store.get('a/1')
      store = await fixture.reopen()
      assert.deepEqual(await store.get('a/1'), before)
      await store.transact([{ key: 'a/1', value: 'two', ifVersion: before!.version }])
      assert.ok((await store.get('a/1'))!.version > before!.version)
    })

    test('a conditional write that does not hold writes nothing at all', async () => {
      await store.transact([{ key: 'a', value: 1 }])
      const { version } = (await store.get('a'))!
      const attempts = [
        { key: 'a', value: 2, ifVersion: 0 },
        { key: 'a', value: 2, ifVersion: version + 1 },
        { key: 'a', value: undefined, ifVersion: version + 1 },
        { key: 'absent', value: 2, ifVersion: version },
      ]
      for (const attempt of attempts) {
        const others = [{ key: 'b', value: 1 }, attempt, { key: 'c', value: 1 }]
        await assert.rejects(store.transact(others), (error) => {
          assert.ok(error instanceof ControlConflictError)
          assert.equal(error.key, attempt.key)
          return true
        })
      }
      assert.deepEqual(await store.list(''), [{ key: 'a', value: 1, version }])
      await store.transact([{ key: 'a', value: 2, ifVersion: version }])
      assert.equal((await store.get('a'))!.value, 2)
    })

    test('versions of a key grow across deletion', async () => {
      let last = 0
      for (let round = 0; round < 4; round++) {
        await store.transact([{ key: 'a', value: round, ifVersion: 0 }])
        const { version } = (await store.get('a'))!
        assert.ok(version > last)
        last = version
        await store.transact([{ key: 'a', value: undefined, ifVersion: version }])
        if (round === 1) store = await fixture.reopen()
      }
    })

    test('one of many concurrent writers at the same version wins', async () => {
      const writers = Array.from({ length: 20 }, (_, writer) => writer)
      const results = await Promise.allSettled(
        writers.map((writer) =>
          store.transact([
            { key: 'lease', value: writer, ifVersion: 0 },
            { key: `mark/${writer}`, value: true },
          ]),
        ),
      )
      const winners = writers.filter((writer) => results[writer]!.status === 'fulfilled')
      assert.equal(winners.length, 1)
      assert.equal((await store.get('lease'))!.value, winners[0])
      assert.deepEqual(
        (await store.list('mark/')).map(({ key }) => key),
        [`mark/${winners[0]}`],
      )
    })

    test('concurrent increments lose nothing', async () => {
      await store.transact([{ key: 'counter', value: 0 }])
      const increment = async () => {
        for (;;) {
          const { value, version } = (await store.get<number>('counter'))!
          try {
            return await store.transact([{ key: 'counter', value: value + 1, ifVersion: version }])
          } catch (error) {
            if (!(error instanceof ControlConflictError)) throw error
          }
        }
      }
      await Promise.all(Array.from({ length: 25 }, increment))
      assert.equal((await store.get('counter'))!.value, 25)
    })

    test('a writer reads its own write at once', async () => {
      for (let round = 0; round < 50; round++) {
        await store.transact([{ key: 'a', value: round }])
        assert.equal((await store.get('a'))!.value, round)
        assert.equal((await store.list('a'))[0]!.value, round)
      }
    })

    test('listing goes in the order of bytes, by pages, within the prefix', async () => {
      const keys = ['p', 'p/', 'p/1', 'p/10', 'p/2', 'p/ä', 'p/\u{FFFD}', 'p/😀', 'p0', 'o/9', 'q/1']
      await store.transact(keys.map((key) => ({ key, value: key })))
      const expected = ['p/', 'p/1', 'p/10', 'p/2', 'p/ä', 'p/\u{FFFD}', 'p/😀']
      assert.deepEqual(
        (await store.list('p/')).map(({ key }) => key),
        expected,
      )
      for (const limit of [1, 2, 3, 7, 8]) {
        const seen: string[] = []
        for (let after: string | undefined; ;) {
          const page = await store.list<string>('p/', { limit, ...(after !== undefined && { after }) })
          assert.ok(page.length <= limit)
          if (page.length === 0) break
          seen.push(...page.map(({ value }) => value))
          after = page.at(-1)!.key
        }
        assert.deepEqual(seen, expected, `limit ${limit}`)
      }
      // A cursor that is no key, before the prefix or behind it.
      assert.equal((await store.list('p/', { after: 'p/11' }))[0]!.key, 'p/2')
      assert.equal((await store.list('p/', { after: 'a' })).length, expected.length)
      assert.equal((await store.list('p/', { after: 'z' })).length, 0)
      assert.equal((await store.list('')).length, keys.length)
    })

    test('a page is bounded where nobody says how', async () => {
      const keys = Array.from({ length: 1_001 }, (_, n) => `n/${String(n).padStart(4, '0')}`)
      await store.transact(keys.map((key) => ({ key, value: null })))
      assert.deepEqual(
        (await store.list('n/')).map(({ key }) => key),
        keys.slice(0, 1_000),
      )
    })

    test('what is too large is refused and what just fits is taken', async () => {
      const longKey = 'k'.repeat(keyBytesMax)
      const largeValue = 'v'.repeat(valueBytesMax - 2)
      await store.transact([{ key: longKey, value: largeValue }])
      assert.equal((await store.get(longKey))!.value, largeValue)

      const refused = [
        [{ key: `${longKey}k`, value: 1 }],
        [{ key: 'ä'.repeat(keyBytesMax / 2 + 1), value: 1 }],
        [{ key: '', value: 1 }],
        [{ key: 'a\0b', value: 1 }],
        [{ key: 'a\uD800', value: 1 }],
        [{ key: 'a', value: `${largeValue}v` }],
        [{ key: 'a', value: () => 1 }],
        [{ key: 'a', value: 1, ifVersion: -1 }],
        [{ key: 'a', value: 1, ifVersion: 0.5 }],
        [
          { key: 'a', value: 1 },
          { key: 'a', value: 2 },
        ],
        Array.from({ length: writesMax + 1 }, (_, n) => ({ key: `a${n}`, value: 1 })),
      ]
      for (const writes of refused)
        await assert.rejects(store.transact([{ key: 'b', value: 1 }, ...writes]), ControlLimitError)
      await assert.rejects(store.list('', { limit: 0 }), ControlLimitError)
      await assert.rejects(store.list('', { limit: listLimitMax + 1 }), ControlLimitError)
      assert.deepEqual(
        (await store.list('')).map(({ key }) => key),
        [longKey],
      )
    })

    test('a closed store says so', async () => {
      await store.transact([{ key: 'a', value: 1 }])
      await store.close()
      await store.close()
      await assert.rejects(store.get('a'), ControlUnavailableError)
      await assert.rejects(store.list(''), ControlUnavailableError)
      await assert.rejects(store.transact([{ key: 'a', value: 2 }]), ControlUnavailableError)
    })

    test('an empty transaction is no transaction', async () => {
      await store.transact([])
      assert.deepEqual(await store.list(''), [])
    })
  })
}
