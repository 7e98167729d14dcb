// What proofs cost: leaves appended per second by the builder, proofs made and verified per second, from all nodes and from
// rows of every eighth level. Run: node --conditions=opentrail-source bench/merkle.ts [leaves]
import { createHash, generateKeyPairSync } from 'node:crypto'
import { formatCheckpoint, formatProof, noteSigner, signNote, verifyProof } from '@opentrail/core/checkpoint'
import {
  appendLeaves,
  consistencyProof,
  createNodeTable,
  createTreeBuilder,
  emptyFrontier,
  inclusionProof,
  leafHash,
  nodesFromRows,
  rangeProof,
  rootHash,
  verifyConsistency,
  verifyInclusion,
  verifyRange,
} from '@opentrail/core/merkle'

const leaves = Number(process.argv[2] ?? 1_000_000)
const roundMs = 400
const rounds = 3
const rangeLeaves = Math.min(10_000, leaves)
const places = 1_000

function report(name: string, perSecond: number, note = ''): void {
  console.log(`${name.padEnd(58)} ${Math.round(perSecond).toLocaleString('en').padStart(12)} /s  ${note}`)
}

/** The best of a few rounds: other processes only ever make it slower. */
async function rate(run: (turn: number) => unknown): Promise<number> {
  let best = 0
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    let turns = 0
    while (performance.now() - start < roundMs) await run(turns++)
    best = Math.max(best, (turns / (performance.now() - start)) * 1_000)
  }
  return best
}

function timed<Result>(count: number, run: () => Result): { result: Result; perSecond: number } {
  const start = performance.now()
  const result = run()
  return { result, perSecond: (count / (performance.now() - start)) * 1_000 }
}

function must(holds: boolean): void {
  if (!holds) throw new Error('a proof that is right was refused')
}

const recordHashes = Array.from({ length: leaves }, (_, index) => createHash('sha256').update(`${index}`).digest())
const hashed = timed(leaves, () => recordHashes.map(leafHash))
const leafHashes = hashed.result
report('leaf hashes from record hashes', hashed.perSecond)
report('builder, nothing kept: leaves', timed(leaves, () => build(createTreeBuilder())).perSecond)
const heapBefore = process.memoryUsage().rss
const table = createNodeTable()
const built = timed(leaves, () => build(createTreeBuilder({ keep: table.keep })))
report('builder, all nodes kept in memory: leaves', built.perSecond)
const rows = createNodeTable()
const sparse = timed(leaves, () => build(createTreeBuilder({ keep: rows.keep, levels: [0, 8, 16, 24] })))
const grownMiB = Math.round((process.memoryUsage().rss - heapBefore) / 2 ** 20)
report('builder, every eighth level kept: leaves', sparse.perSecond, `(both tables: ${grownMiB} MiB)`)
report('appendLeaves, record hashes in groups of 100', timed(leaves, appendInGroups).perSecond)

function build(builder: ReturnType<typeof createTreeBuilder>) {
  for (const leaf of leafHashes) builder.append(leaf)
  return builder.frontier()
}
function appendInGroups() {
  let frontier = emptyFrontier
  for (let from = 0; from < leaves; from += 100) frontier = appendLeaves(frontier, recordHashes.slice(from, from + 100))
  return frontier
}

const root = rootHash(built.result)
const somewhere = (turn: number) => Math.floor((((turn % places) * 0.618_033_988_75) % 1) * leaves)
const fromRows = nodesFromRows(rows.row)

report('inclusion proofs from all nodes', await rate((turn) => inclusionProof(leaves, somewhere(turn), table.nodes)))
report(
  'inclusion proofs from every eighth level',
  await rate((turn) => inclusionProof(leaves, somewhere(turn), fromRows)),
)
report(
  'consistency proofs from all nodes',
  await rate((turn) => consistencyProof(somewhere(turn) + 1, leaves, table.nodes)),
)

const inclusions = await Promise.all(
  Array.from({ length: places }, (_, turn) => inclusionProof(leaves, somewhere(turn), table.nodes)),
)
const inclusionRate = await rate((turn) => {
  const index = somewhere(turn)
  must(verifyInclusion({ leaf: leafHashes[index]!, index, size: leaves, proof: inclusions[turn % places]!, root }))
})
report('inclusion proofs verified', inclusionRate, `(${inclusions[0]!.length} hashes)`)

const oldSize = somewhere(1) + 1
const oldRoot = rootHash(frontierAt(oldSize))
const consistency = await consistencyProof(oldSize, leaves, table.nodes)
const consistencyRate = await rate(() =>
  must(verifyConsistency({ oldSize, oldRoot, newSize: leaves, newRoot: root, proof: consistency })),
)
report('consistency proofs verified', consistencyRate, `(${consistency.length} hashes)`)

function frontierAt(size: number) {
  const builder = createTreeBuilder()
  for (const leaf of leafHashes.slice(0, size)) builder.append(leaf)
  return builder.frontier()
}

const begin = Math.floor((leaves - rangeLeaves) / 3)
const range = { begin, end: begin + rangeLeaves, size: leaves, root }
const proof = await rangeProof(leaves, range.begin, range.end, table.nodes)
const rangeRate = await rate(() => must(verifyRange({ ...range, proof, leaves: leafHashes.slice(begin, range.end) })))
report(`ranges of ${rangeLeaves} leaves verified: leaves`, rangeRate * rangeLeaves)

const origin = 'audit.example/210000000001/eu-west-1'
const signer = noteSigner(origin, generateKeyPairSync('ed25519').privateKey)
const head = formatCheckpoint({ origin, size: leaves, root })
report('checkpoints signed', await rate(() => signNote(head, [signer])))
const checkpoint = signNote(head, [signer])
const file = formatProof({ index: somewhere(0), proof: inclusions[0]!, checkpoint })
const trusted = { recordHash: recordHashes[somewhere(0)]!, origin, verifiers: [signer.key] }
report(
  'proof files verified, signature and all',
  await rate(() => must(verifyProof(file, trusted).ok)),
  `(${file.length} bytes)`,
)
