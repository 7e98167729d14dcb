import assert from 'node:assert/strict'
import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, describe, test } from 'vitest'
import { createSelection } from '@opentrail/core/delivery'
import type { NewEntry } from '@opentrail/core/event'
import type { Journal } from '../journal/index.ts'
import {
  createBuilder,
  createContentBuilder,
  createInPlaceContentBuilder,
  type ContentBuilder,
  type LogContent,
} from './content-builder.ts'
import { contentLimits, type ContentLimits } from './content-limits.ts'
import { ContentTooLargeError } from './content-range.ts'
import { ContentWorkerError, createInPlaceRunner, createWorkerRunner } from './content-runner.ts'
import {
  entryOf,
  idsOf,
  journalOf,
  leadingRegion,
  networkEvent,
  placedIds,
  plain,
  region,
  requestOf,
  sequence,
  stream,
  twoKinds,
  versionOf,
  type TestEntry,
} from './content.testing.ts'

const open: ContentBuilder[] = []
const closing = (builder: ContentBuilder): ContentBuilder => {
  open.push(builder)
  return builder
}
afterEach(async () => {
  for (const builder of open.splice(0)) await builder.close()
})

const inPlace = (journal: Journal, limits: Partial<ContentLimits> = {}): ContentBuilder =>
  closing(createInPlaceContentBuilder({ journal, limits }))
const events = (count: number, given: (index: number) => TestEntry = () => ({})): NewEntry[] =>
  Array.from({ length: count }, (_, index) => entryOf({ id: `e${index + 1}`, ...given(index) }))

/** Range after range up to `to`, as a lane takes them. */
async function allRanges(builder: ContentBuilder, to: number, versions = [versionOf()]): Promise<LogContent[]> {
  const contents: LogContent[] = []
  for (let after = 0; after < to;) {
    const content = await builder.build(requestOf(to, { after: sequence(after), versions }))
    assert.ok(content.to > after && content.to <= to)
    contents.push(content)
    after = content.to
  }
  return contents
}

describe('what a range gives', () => {
  test('one file with the selected records in order, and what is known of them', async () => {
    const minute = (index: number) => Date.UTC(2026, 2, 4, 12, index === 1 ? 59 : index)
    const entries = events(5, (index) => ({ category: index === 3 ? 'Data' : 'Management', eventTime: minute(index) }))
    const { files, ...rest } = await inPlace(await journalOf(entries)).build(requestOf(5))
    assert.deepEqual(rest, { to: 5, configVersion: 1, changes: [], missing: 0 })
    const [file] = files
    assert.equal(files.length, 1)
    assert.ok(file)
    assert.deepEqual(idsOf(file), ['e1', 'e2', 'e3', 'e5'])
    assert.equal(file.kind, 'CloudTrail')
    assert.deepEqual([file.oldest, file.newest], [minute(0), minute(1)])
    assert.equal(file.isOwnDeliveriesOnly, false)
  })

  test('nothing selected is no file, and the range is done all the same', async () => {
    const builder = inPlace(await journalOf(events(3, () => ({ category: 'Data' }))))
    assert.deepEqual(await builder.build(requestOf(3)), {
      to: 3,
      files: [],
      configVersion: 1,
      changes: [],
      missing: 0,
    })
  })

  test('kinds never share a file', async () => {
    const entries = events(6, (index) => (index % 3 === 0 ? networkEvent() : {}))
    const { files } = await inPlace(await journalOf(entries)).build(requestOf(6, { versions: [twoKinds()] }))
    assert.deepEqual(
      files.map((file) => [file.kind, idsOf(file)]),
      [
        ['CloudTrail', ['e2', 'e3', 'e5', 'e6']],
        ['CloudTrail-NetworkActivity', ['e1', 'e4']],
      ],
    )
  })

  test('changes and the last configuration are told, of the range only', async () => {
    const entries = [
      entryOf({ id: 'e1', configVersion: 3 }),
      entryOf({ id: 'e2', configVersion: 4, changesConfig: 4 }),
      entryOf({ id: 'e3', configVersion: 6, changesConfig: 5 }),
      entryOf({ id: 'e4', configVersion: 7, changesConfig: 7 }),
    ]
    const builder = inPlace(await journalOf(entries), { pageEntries: 2 })
    const { changes, configVersion } = await builder.build(requestOf(3))
    assert.deepEqual({ changes, configVersion }, { changes: [4, 5], configVersion: 6 })
  })

  test('a file of own deliveries alone is told from one with another event in it', async () => {
    const own: TestEntry = {
      eventSource: 's3.amazonaws.com',
      eventName: 'PutObject',
      record: { userIdentity: { invokedBy: 'cloudtrail.amazonaws.com' } },
    }
    const builder = inPlace(await journalOf(events(5, (index) => (index === 4 ? {} : own))), { pageEntries: 2 })
    const told = []
    for (const to of [4, 5]) {
      const { files } = await builder.build(requestOf(to))
      told.push(files.map(({ isOwnDeliveriesOnly }) => isOwnDeliveriesOnly))
    }
    assert.deepEqual(told, [[true], [false]])
  })

  test('the body is one gzip member with nothing behind it', async () => {
    const { files } = await inPlace(await journalOf(events(50))).build(requestOf(50))
    const body = Buffer.from(files[0]!.body)
    assert.equal(body.subarray(0, 4).toString('hex'), '1f8b0800', 'deflate, no optional fields')
    // What inflate leaves: 8 bytes of checksum and length.
    const { engine } = inflateRawSync(body.subarray(10), { info: true }) as unknown as {
      engine: { bytesWritten: number }
    }
    assert.equal(engine.bytesWritten, body.length - 10 - 8)
    assert.equal(body.readUInt32LE(body.length - 4), files[0]!.bytes)
  })

  test('entries that retention removed are counted', async () => {
    const journal = await journalOf(events(10, (index) => ({ eventTime: index })))
    await journal.retain(4, new Map())
    const builder = inPlace(journal, { pageEntries: 3 })
    const some = await builder.build(requestOf(8))
    assert.deepEqual([some.missing, some.to, some.files.flatMap(idsOf)], [4, 8, ['e5', 'e6', 'e7', 'e8']])
    const none = await builder.build(requestOf(3))
    assert.deepEqual(none, { to: 3, files: [], configVersion: 0, changes: [], missing: 3 })
  })

  test('where retention overtakes a build, the range ends before the hole, and an exact one has lost its front', async () => {
    for (const isExact of [false, true]) {
      const journal = await journalOf(events(9, (index) => ({ eventTime: index })))
      let reads = 0
      const overtaken: Journal = {
        ...journal,
        async read(...args) {
          if (++reads === 2) await journal.retain(6, new Map())
          return journal.read(...args)
        },
      }
      const { to, missing, files } = await inPlace(overtaken, { pageEntries: 3 }).build(requestOf(9, { isExact }))
      const found = [to, missing, files.flatMap(idsOf)]
      assert.deepEqual(found, isExact ? [9, 6, ['e7', 'e8', 'e9']] : [3, 0, ['e1', 'e2', 'e3']])
    }
  })

  test('what is not durable, or ends before it begins, is no range', async () => {
    const builder = inPlace(await journalOf(events(3)))
    await assert.rejects(builder.build(requestOf(4)), RangeError)
    await assert.rejects(builder.build(requestOf(1, { after: sequence(2) })), RangeError)
  })
})

describe('full files', () => {
  test('a range ends before the event that would be one too many', async () => {
    const builder = inPlace(await journalOf(events(50_001)))
    const contents = await allRanges(builder, 50_001)
    assert.deepEqual(
      contents.map(({ to, files }) => [to, files.map(({ count }) => count)]),
      [
        [50_000, [50_000]],
        [50_001, [1]],
      ],
    )
  })

  test('bytes are counted to the last one', async () => {
    const entries = events(9)
    const size = entries[0]!.record.length
    // Room is kept for the brackets of a file of each kind.
    const builder = (spare: number) =>
      journalOf(entries).then((journal) => inPlace(journal, { bytesMax: 3 * (size + 1) + 56 + spare }))
    assert.equal((await (await builder(0)).build(requestOf(9))).to, 3)
    assert.equal((await (await builder(-1)).build(requestOf(9))).to, 2)
    for (const { files } of await allRanges(await builder(0), 9)) assert.ok(files[0]!.bytes <= 3 * (size + 1) + 56)
  })

  test('a record that is larger than a file may be is a file', async () => {
    const builder = inPlace(await journalOf(events(3)), { bytesMax: 10 })
    assert.deepEqual(
      (await allRanges(builder, 3)).map(({ files }) => files.flatMap(idsOf)),
      [['e1'], ['e2'], ['e3']],
    )
  })

  test('an exact range is not cut, whatever the limits have become', async () => {
    const journal = await journalOf(events(20))
    const wide = await inPlace(journal).build(requestOf(20))
    const exact = await inPlace(journal, { eventsMax: 3, bytesMax: 1_000 }).build(requestOf(20, { isExact: true }))
    assert.deepEqual(plain(exact), plain(wide))
  })

  test('an exact range beyond the quota is refused', async () => {
    const builder = inPlace(await journalOf(events(50_001)))
    await assert.rejects(builder.build(requestOf(50_001, { isExact: true })), ContentTooLargeError)
  })

  test('limits beyond the quota are refused', () => {
    assert.throws(() => contentLimits({ eventsMax: 50_001 }), RangeError)
    assert.throws(() => contentLimits({ bytesMax: 50_000_001 }), RangeError)
  })
})

describe('any journal, versions and limits', () => {
  const anyEvent = fc.record({
    category: fc.constantFrom('Management', 'Management', 'NetworkActivity', 'Data'),
    eventSource: fc.constantFrom('kms.amazonaws.com', 'ec2.amazonaws.com'),
    step: fc.integer({ min: 0, max: 1 }),
    changes: fc.boolean(),
    padding: fc.integer({ min: 0, max: 300 }),
  })
  const anyVersions = fc
    .uniqueArray(fc.record({ since: fc.nat(5), isLogging: fc.boolean(), both: fc.boolean() }), {
      selector: ({ since }) => since,
      maxLength: 4,
    })
    .map((all) =>
      all
        .map(({ since, isLogging, both }) => ({ ...(both ? twoKinds() : versionOf()), since, isLogging }))
        .sort((a, b) => a.since - b.since),
    )
  const anyLimits = fc.record({
    eventsMax: fc.integer({ min: 1, max: 12 }),
    bytesMax: fc.integer({ min: 100, max: 4_000 }),
    pageEntries: fc.integer({ min: 1, max: 9 }),
    pageBytesMax: fc.integer({ min: 1, max: 4_000 }),
    pageCacheBytesMax: fc.constantFrom(0, 3_000, 2 ** 20),
    contentCacheBytesMax: fc.constantFrom(0, 2 ** 20),
  })
  const anyEntries = fc.array(anyEvent, { minLength: 1, maxLength: 40 }).map((all) => {
    let configVersion = 0
    return all.map(({ step, changes, padding, ...rest }, index) => {
      configVersion += step
      const id = `e${index + 1}`
      return entryOf({
        ...rest,
        id,
        configVersion,
        record: { padding: 'x'.repeat(padding) },
        ...(changes && step && { changesConfig: configVersion }),
      })
    })
  })

  test('every selected entry is in exactly one file, in order, and the pages make no difference', async () => {
    await fc.assert(
      fc.asyncProperty(anyEntries, anyVersions, anyLimits, anyLimits, async (entries, versions, limits, others) => {
        const select = createSelection(versions, { region, leadingRegion })
        const journal = await journalOf(entries)
        const contents = await allRanges(inPlace(journal, limits), entries.length, versions)
        for (const kind of ['CloudTrail', 'CloudTrail-NetworkActivity'] as const) {
          const files = contents.flatMap((content) => content.files.filter((file) => file.kind === kind))
          const expected = entries.flatMap((entry, index) => (select(entry).kind === kind ? [`e${index + 1}`] : []))
          assert.deepEqual(files.flatMap(idsOf), expected)
          assert.deepEqual(placedIds(contents, kind), expected)
          for (const { count, bytes } of files)
            assert.ok(count <= limits.eventsMax && (bytes <= limits.bytesMax || count === 1))
        }
        // The same places and bytes with other pages and caches, from either of them again, and as repeated plans.
        const paged = { ...others, eventsMax: limits.eventsMax, bytesMax: limits.bytesMax }
        const again = await allRanges(inPlace(journal, paged), entries.length, versions)
        assert.deepEqual(again.map(plain), contents.map(plain))
        const repeating = inPlace(journal, { ...others, eventsMax: 1 })
        let after = 0
        for (const content of contents) {
          const request = { after: sequence(after), versions, isExact: true }
          assert.deepEqual(plain(await repeating.build(requestOf(content.to, request))), plain(content))
          after = content.to
        }
      }),
      { numRuns: 150 },
    )
  })

  test('sharing between trails gives each what it would have built alone', async () => {
    const trails = fc.array(anyVersions, { minLength: 2, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(anyEntries, trails, anyLimits, async (entries, all, limits) => {
        const journal = await journalOf(entries)
        const shared = inPlace(journal, limits)
        const to = entries.length
        const together = await Promise.all(all.map((versions) => shared.build(requestOf(to, { versions }))))
        for (const [index, versions] of all.entries()) {
          const alone = await inPlace(journal, { ...limits, contentCacheBytesMax: 0 }).build(
            requestOf(to, { versions }),
          )
          assert.deepEqual(plain(together[index]!), plain(alone))
        }
      }),
      { numRuns: 150 },
    )
  })
})

describe('sharing', () => {
  const counted = (journal: Journal, buildsMax = 2) => {
    const runner = createInPlaceRunner()
    const count = { reads: 0, selects: 0, packs: 0 }
    const builder = createBuilder(
      {
        durable: journal.durable,
        async read(...args) {
          count.reads++
          return journal.read(...args)
        },
      },
      contentLimits({ pageEntries: 10 }),
      {
        ...runner,
        select(task) {
          count.selects++
          return runner.select(task)
        },
        pack(task) {
          count.packs++
          return runner.pack(task)
        },
      },
      buildsMax,
    )
    return { builder: closing(builder), count }
  }

  test('trails that select the same cost one build, at once or later, wherever they began', async () => {
    const { builder, count } = counted(await journalOf(events(30, () => ({ configVersion: 9 }))))
    const trails = [1, 2, 5, 9].map((since) => [versionOf({ since: 0, isLogging: false }), versionOf({ since })])
    await Promise.all(trails.map((versions) => builder.build(requestOf(30, { versions }))))
    await builder.build(requestOf(30, { versions: [versionOf({ since: 3, includesGlobalServiceEvents: false })] }))
    assert.deepEqual(count, { reads: 3, selects: 3, packs: 1 })
  })

  test('a trail that selects otherwise shares the pages', async () => {
    const { builder, count } = counted(await journalOf(events(30)))
    await Promise.all([builder.build(requestOf(30)), builder.build(requestOf(30, { versions: [twoKinds()] }))])
    assert.deepEqual(count, { reads: 3, selects: 6, packs: 2 })
  })

  test('trails that stand in different places meet at the second page', async () => {
    const { builder, count } = counted(await journalOf(events(30)))
    await builder.build(requestOf(30))
    await builder.build(requestOf(30, { after: sequence(7) }))
    assert.deepEqual(count, { reads: 4, selects: 6, packs: 2 })
  })

  test('a change that took effect long before its event tells trails apart', async () => {
    const late = events(1, () => ({ configVersion: 9, changesConfig: 5 }))
    const builder = inPlace(await journalOf(late))
    const stopped = [versionOf({ since: 1 }), versionOf({ since: 5, isLogging: false })]
    const silent = [versionOf({ since: 1, isLogging: false })]
    const contents = await Promise.all([stopped, silent].map((versions) => builder.build(requestOf(1, { versions }))))
    assert.deepEqual(
      contents.map(({ files }) => files.length),
      [1, 0],
    )
  })

  test('the event that found no room counts for who may share', async () => {
    // The trails differ from configuration 2 on, which only the fourth event has seen.
    const entries = events(4, (index) => ({ configVersion: index === 3 ? 2 : 1 }))
    const builder = inPlace(await journalOf(entries), { eventsMax: 3 })
    const on = [versionOf({ since: 1 })]
    const off = [versionOf({ since: 1 }), versionOf({ since: 2, isLogging: false })]
    const ends = await Promise.all([on, off].map((versions) => builder.build(requestOf(4, { versions }))))
    assert.deepEqual(
      ends.map(({ to }) => to),
      [3, 4],
    )
  })

  test('a build that fails or is given up does not take those along that wait for it', async () => {
    const journal = await journalOf(events(5))
    let failures = 1
    let arrived = (): void => {}
    const reading = new Promise<void>((resolve) => (arrived = resolve))
    const builder = inPlace({
      ...journal,
      async read(...args) {
        arrived()
        await Promise.resolve()
        if (failures-- > 0) throw new Error('the disk is gone')
        return journal.read(...args)
      },
    })
    const settled = Promise.allSettled([builder.build(requestOf(5)), builder.build(requestOf(5))])
    await reading
    const [first, second] = await settled
    assert.equal(first.status, 'rejected')
    assert.equal(second.status === 'fulfilled' && second.value.files[0]!.count, 5)
  })
})

describe('abort and close', () => {
  const reason = new Error('enough')
  /** A journal whose reads wait until they are let go. */
  async function held(): Promise<{ journal: Journal; letGo: () => void; reading: Promise<void> }> {
    const journal = await journalOf(events(5))
    let letGo = (): void => {}
    let arrived = (): void => {}
    const gate = new Promise<void>((resolve) => (letGo = resolve))
    const reading = new Promise<void>((resolve) => (arrived = resolve))
    const slow: Journal = {
      ...journal,
      async read(...args) {
        arrived()
        await gate
        return journal.read(...args)
      },
    }
    return { journal: slow, letGo, reading }
  }

  test('a build ends with the reason: before it begins, while it reads, while it waits for its turn', async () => {
    const { journal, letGo, reading } = await held()
    const builder = inPlace(journal)
    await assert.rejects(builder.build(requestOf(5), AbortSignal.abort(reason)), reason)
    const stop = new AbortController()
    const running = builder.build(requestOf(5), stop.signal)
    await reading
    const stopWaiting = new AbortController()
    const sharing = builder.build(requestOf(5), stopWaiting.signal)
    const waiting = builder.build(requestOf(4), stopWaiting.signal)
    stopWaiting.abort(reason)
    await Promise.all([assert.rejects(sharing, reason), assert.rejects(waiting, reason)])
    stop.abort(reason)
    letGo()
    await assert.rejects(running, reason)
    assert.equal((await builder.build(requestOf(5))).files[0]!.count, 5)
  })

  test('closing ends what is under way, and nothing begins afterwards', async () => {
    const { journal, letGo, reading } = await held()
    const builder = inPlace(journal)
    const running = assert.rejects(builder.build(requestOf(5)), /closed/)
    await reading
    const closed = builder.close()
    letGo()
    await Promise.all([running, closed])
    await assert.rejects(builder.build(requestOf(5)), /closed/)
  })
})

describe('worker threads', () => {
  test('give what the calling thread gives', async () => {
    const entries = events(3_000, (index) => (index % 5 === 0 ? networkEvent() : {}))
    const journal = await journalOf(entries)
    const limits = { eventsMax: 1_300 }
    const threads = closing(createContentBuilder({ journal, workers: 1, limits }))
    const there = await allRanges(threads, 3_000, [twoKinds()])
    const here = await allRanges(inPlace(journal, limits), 3_000, [twoKinds()])
    assert.deepEqual(there.map(plain), here.map(plain))
    assert.deepEqual(
      there.flatMap(({ files }) => files.map(({ body }) => Buffer.from(body).toString('base64'))),
      here.flatMap(({ files }) => files.map(({ body }) => Buffer.from(body).toString('base64'))),
    )
  })

  test('one that dies is an error, and the next build works', async () => {
    const journal = await journalOf(events(20))
    const runner = createWorkerRunner(1, new URL('./crashing-worker.testing.ts', import.meta.url))
    const builder = closing(createBuilder(journal, contentLimits(), runner, 2))
    await assert.rejects(builder.build(requestOf(20, { versions: [versionOf({ since: 666 })] })), ContentWorkerError)
    const { files } = await builder.build(requestOf(20))
    assert.equal(idsOf(files[0]!).length, 20)
  })

  test('a page that cannot be decoded fails alone', async () => {
    const journal = await journalOf(events(2))
    const bad = { ...(await journal.read(stream, 0, 1)).entries[0]!, envelope: Buffer.from('no json') }
    let isBroken = true
    const builder = closing(
      createContentBuilder({
        journal: {
          durable: journal.durable,
          read: async (...args) => (isBroken ? { entries: [bad], last: sequence(1) } : journal.read(...args)),
        },
        workers: 1,
        limits: { pageCacheBytesMax: 0 },
      }),
    )
    await assert.rejects(builder.build(requestOf(2)), ContentWorkerError)
    isBroken = false
    assert.equal((await builder.build(requestOf(2))).files[0]!.count, 2)
  })
})
