import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { allPositions } from '../delivery/index.ts'
import {
  appendLeaves,
  appendSubtrees,
  createNodeTable,
  createTreeBuilder,
  emptyFrontier,
  hashBytes,
  leafHash,
  rootHash,
  type MerkleFrontier,
  type NodeReader,
} from '../merkle/index.ts'
import { checkRanges } from './check-part.ts'
import {
  foldRange,
  hiddenHashesMax,
  hiddenSpans,
  makeManifestParts,
  nodesAtOnce,
  type ManifestPart,
  type ManifestPlan,
  type PlannedRange,
} from './index.ts'
import { fileOf, positionsOf } from './manifest.testing.ts'

const size = 400
const records = Array.from({ length: size }, (_, index) => hash('sha256', String(index), 'buffer'))
const table = createNodeTable()
const builder = createTreeBuilder({ keep: table.keep })
for (const record of records) builder.append(leafHash(record))

const plain = ({ size: leaves, nodes }: MerkleFrontier) => [
  leaves,
  ...nodes.map((node) => Buffer.from(node).toString('hex')),
]

async function partsOf(plan: Partial<ManifestPlan>): Promise<ManifestPart[]> {
  const parts: ManifestPart[] = []
  for await (const part of makeManifestParts({ from: 0, to: size, ranges: [], nodes: table.nodes, ...plan }))
    parts.push(part)
  return parts
}

/** Ranges with up to three files, with gaps between some of them; each entry's number says which file it is in. */
const plans: fc.Arbitrary<{ from: number; to: number; ranges: PlannedRange[] }> = fc
  .array(fc.record({ gap: fc.nat(9), files: fc.array(fc.nat(5), { minLength: 1, maxLength: 40 }) }), { maxLength: 8 })
  .chain((all) => fc.record({ all: fc.constant(all), from: fc.nat(20), rest: fc.nat(20) }))
  .map(({ all, from, rest }) => {
    let at = from
    const ranges = all.map(({ gap, files }): PlannedRange => {
      const start = at + gap
      at = start + files.length
      const offsets = [0, 1, 2].map((file) => files.flatMap((each, offset) => (each === file ? [offset] : [])))
      const named = offsets.flatMap((each, file) => (each.length > 0 ? [fileOf(`${start}-${file}`, ...each)] : []))
      return { from: start, to: at, files: named }
    })
    return { from, to: at + rest, ranges }
  })

/** The record hashes of a file of a range, as its log file gives them. */
function hashesOf({ from }: PlannedRange, positions: Uint8Array): Uint8Array {
  const taken: Uint8Array[] = []
  const hidden = new Set(
    [...hiddenSpans({ from, to: size }, [{ positions }])].flatMap(({ begin, end }) =>
      Array.from({ length: end - begin }, (_, at) => begin + at),
    ),
  )
  for (let leaf = from; leaf < size; leaf++) if (!hidden.has(leaf)) taken.push(records[leaf]!)
  return Buffer.concat(taken)
}

describe('making manifests', () => {
  test('records and hidden hashes give the tree, part by part', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.integer({ min: 1, max: 400 }), async (plan, bytesMax) => {
        const parts = await partsOf({ ...plan, bounds: { bytesMax } })
        let tree = appendLeaves(emptyFrontier, records.slice(0, plan.from))
        for (const part of parts) {
          assert.deepEqual(plain(part.start), plain(tree))
          for (const range of part.ranges) {
            const folded = foldRange(
              range,
              range.files.map(({ positions }) => hashesOf(range, positions)),
            )
            assert.deepEqual(folded.faults, [])
            tree = appendSubtrees(tree, folded.to, folded.subtrees!)
          }
          assert.equal(part.end.sequence, tree.size)
          assert.deepEqual(Buffer.from(part.end.root), Buffer.from(rootHash(tree)))
        }
        assert.deepEqual(plain(tree), plain(appendLeaves(emptyFrontier, records.slice(0, plan.to))))
        assert.deepEqual(
          parts.map(({ part, isLast }) => [part, isLast]),
          parts.map((_, at) => [at + 1, at + 1 === parts.length]),
        )
        const ranges = parts.flatMap((part) => part.ranges)
        assert.deepEqual(
          ranges.filter(({ files }) => files.length > 0).map(({ files }) => files),
          plan.ranges.map(({ files }) => files).filter((files) => files.length > 0),
        )
      }),
    )
  })

  test('parts are without holes, and the same each time', async () => {
    const ranges = [
      { from: 5, to: 90, files: [fileOf('a', 1, 3, 80)] },
      { from: 100, to: 180, files: [fileOf('b', 0)] },
    ]
    const parts = await partsOf({ ranges, bounds: { bytesMax: 1 } })
    assert.ok(parts.length > 2)
    const [first] = parts
    const whole = {
      ...first!,
      end: { ...parts.at(-1)!.end, checkpoint: '' },
      ranges: parts.flatMap((part) => part.ranges),
    }
    assert.deepEqual(checkRanges({ bucket: '', key: '' }, whole), [])
    assert.deepEqual(await partsOf({ ranges, bounds: { bytesMax: 1 } }), parts)
  })

  test('a part has no more files than it may, and a range of many hidden hashes is not divided', async () => {
    const ranges = Array.from({ length: 10 }, (_, at) => ({
      from: at * 40,
      to: at * 40 + 40,
      files: [fileOf(`f${at}`, 3, 9)],
    }))
    const byFiles = await partsOf({ ranges, bounds: { filesMax: 4 } })
    assert.deepEqual(
      byFiles.map((part) => part.ranges.length),
      [4, 4, 2],
    )
    const byBytes = await partsOf({ ranges, bounds: { bytesMax: hashBytes } })
    assert.deepEqual(
      byBytes.map((part) => part.ranges.length),
      ranges.map(() => 1),
    )
  })

  test('nothing to account for is one part without ranges', async () => {
    const [part, ...others] = await partsOf({ from: 7, to: 7 })
    assert.equal(others.length, 0)
    assert.deepEqual(part?.ranges, [])
    assert.equal(part?.start.size, 7)
    assert.deepEqual(part?.end.root, rootHash(part.start))
  })

  test('a long gap costs a few hashes', async () => {
    const [part] = await partsOf({ from: 1, to: 399 })
    assert.deepEqual(
      part?.ranges.map(({ from, to, files }) => [from, to, files]),
      [[1, 399, []]],
    )
    assert.ok(part.ranges[0]!.hidden.length <= 16 * hashBytes)
  })

  test('a range that is all in one file has no hidden hashes', async () => {
    const file = { ...fileOf('all', 0), count: 50, positions: allPositions(50) }
    const [part] = await partsOf({ from: 0, to: 50, ranges: [{ from: 0, to: 50, files: [file] }] })
    assert.equal(part?.ranges[0]?.hidden.length, 0)
  })

  test('nodes are asked for in rising order, some at a time and all of those at once', async () => {
    const to = 6 * nodesAtOnce
    const asked: number[] = []
    let open = 0
    let most = 0
    const nodes: NodeReader = async (level, index) => {
      asked.push(index * 2 ** level)
      most = Math.max(most, ++open)
      await Promise.resolve()
      open -= 1
      return new Uint8Array(hashBytes)
    }
    const file = fileOf('every third', ...Array.from({ length: to / 3 }, (_, at) => 3 * at))
    const made: ManifestPart[] = []
    for await (const part of makeManifestParts({ from: 0, to, ranges: [{ from: 0, to, files: [file] }], nodes }))
      made.push(part)
    assert.equal(most, nodesAtOnce)
    const hidden = [...hiddenSpans({ from: 0, to }, [file])].map(({ begin }) => begin)
    assert.deepEqual(asked.slice(0, hidden.length), hidden)
  })

  test.each<[string, PlannedRange[]]>([
    [
      'out of order',
      [
        { from: 10, to: 20, files: [] },
        { from: 5, to: 10, files: [] },
      ],
    ],
    [
      'overlapping',
      [
        { from: 10, to: 20, files: [] },
        { from: 19, to: 25, files: [] },
      ],
    ],
    ['empty', [{ from: 10, to: 10, files: [] }]],
    ['beyond the end', [{ from: 10, to: size + 1, files: [] }]],
    ['of files that overlap', [{ from: 0, to: 9, files: [fileOf('a', 1, 2), fileOf('b', 2)] }]],
  ])('ranges %s are refused', async (_, ranges) => {
    await assert.rejects(partsOf({ ranges }), RangeError)
  })

  test('a range with more hidden hashes than any part may have is refused before they are read', async () => {
    const to = 2 ** 50
    // Between two neighbours that are far apart lie many subtrees; so many neighbours no file has.
    const offsets = Array.from({ length: 80_000 }, (_, at) => at * 2 ** 33 + 1)
    const file = { ...fileOf('far', 0), count: offsets.length, positions: positionsOf(...offsets) }
    let asked = 0
    const nodes: NodeReader = () => {
      asked += 1
      return new Uint8Array(hashBytes)
    }
    const made = makeManifestParts({ from: 0, to, ranges: [{ from: 0, to, files: [file] }], nodes })
    await assert.rejects(made.next(), RangeError)
    assert.ok(asked < 60, `${asked} of ${hiddenHashesMax}`)
  })
})
