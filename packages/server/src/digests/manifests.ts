import {
  makeManifestParts,
  manifestBytes,
  manifestKeyOf,
  manifestTextToSign,
  manifestVersionsMax,
  type Manifest,
  type ManifestFile,
  type ManifestPart,
  type PlannedRange,
} from '@opentrail/core/manifest'
import { parseEnvelope, streamId, type Sequence, type StoredEntry, type StreamId } from '@opentrail/core/event'
import type { TrailVersion } from '@opentrail/core/trail'
import type { ControlStore } from '../control/index.ts'
import { readSelected, type LedgerEntry } from '../delivery/index.ts'
import type { Journal } from '../journal/index.ts'
import { CipherError } from '../keyring/index.ts'
import { ForeignTreeError, LeavesLostError, type StreamTrees } from '../stream-trees/index.ts'
import type { ChainDocument, DigestPlan } from './chain-document.ts'

/** The signed C2SP checkpoint of a stream's tree of this size. The same tree has the same checkpoint. */
export type SignCheckpoint = (stream: StreamId, head: { readonly size: number; readonly root: Uint8Array }) => string

export interface ManifestOptions {
  readonly control: ControlStore
  readonly journal: Pick<Journal, 'get'>
  readonly trees: Pick<StreamTrees, 'reach' | 'nodes' | 'keep'>
  readonly signCheckpoint: SignCheckpoint
  /** Of a trail, oldest first. */
  readonly versions: (trailId: string) => readonly TrailVersion[]
}

/** One object of a manifest, but for its signature. */
export interface ManifestObject {
  readonly key: string
  readonly bytes: Uint8Array
  readonly textToSign: string
}

/**
 * The parts of the manifest beside a planned digest, in order; the same plan, ledger and journal give the same bytes.
 * `entries` is what the digest takes of the ledger. None: what would be needed is gone for good, and nothing can be said.
 * @throws what the stores throw; to be tried again.
 */
export async function* manifestObjects(
  options: ManifestOptions,
  document: Pick<ChainDocument, 'trailId' | 'account' | 'region' | 'provenTo'>,
  plan: DigestPlan,
  { entries, digestHash }: { readonly entries: readonly LedgerEntry[]; readonly digestHash: string },
): AsyncGenerator<ManifestObject, void, undefined> {
  const { trailId, account, region } = document
  const { from, to } = plan.manifest
  const stream = streamId(account, region)
  const { trees, signCheckpoint } = options
  if (!(await isReached(trees, stream, to))) return
  const versions = await versionsIn(options, trailId, stream, plan)
  const common = {
    awsAccountId: account,
    region,
    trailArn: plan.trailArn,
    digestS3Bucket: plan.bucket,
    digestS3Object: plan.key,
    digestHashValue: digestHash,
    publicKeyFingerprint: plan.fingerprint,
    isFirst: document.provenTo === undefined,
    versions,
  }
  for await (const { lost, ...part } of provableParts(options, trailId, stream, { from, to, entries })) {
    const key = manifestKeyOf(plan.key, part.part)
    if (key === undefined) throw new Error(`${plan.key} has no manifest`)
    // What is signed can be shown to be the beginning of what follows, whatever becomes of the entries.
    await trees.keep(stream, part.end.sequence)
    const end = { ...part.end, checkpoint: signCheckpoint(stream, { size: part.end.sequence, root: part.end.root }) }
    const manifest: Manifest = { ...common, ...part, end, ...(lost && { lost }) }
    const bytes = manifestBytes(manifest)
    const textToSign = manifestTextToSign({ bucket: plan.bucket, key, digestHashValue: digestHash }, bytes)
    yield { key, bytes, textToSign }
  }
}

/** False: the tree is of another journal, for good. Digests go on without it; who keeps the trees has told of it. */
async function isReached(trees: Pick<StreamTrees, 'reach'>, stream: StreamId, size: number): Promise<boolean> {
  try {
    await trees.reach(stream, size)
    return true
  } catch (error) {
    if (error instanceof ForeignTreeError) return false
    throw error
  }
}

interface Provable {
  readonly from: Sequence | 0
  readonly to: Sequence | 0
  readonly entries: readonly LedgerEntry[]
}

/** All of it, or, where leaves are lost, only that it is lost and where the tree stands behind it, or nothing. */
async function* provableParts(
  options: ManifestOptions,
  trailId: string,
  stream: StreamId,
  { from, to, entries }: Provable,
): AsyncGenerator<ManifestPart & Pick<Manifest, 'lost'>, void, undefined> {
  const nodes = options.trees.nodes(stream)
  const ranges = await plannedRanges(options.control, trailId, stream, entries)
  let isLost = ranges === undefined
  try {
    if (ranges) yield* makeManifestParts({ from, to, ranges, nodes })
  } catch (error) {
    if (!(error instanceof LeavesLostError)) throw error
    isLost = true
  }
  if (!isLost) return
  try {
    for await (const part of makeManifestParts({ from: to, to, ranges: [], nodes }))
      yield { ...part, lost: { from, to } }
  } catch (error) {
    if (!(error instanceof LeavesLostError)) throw error
  }
}

/** Undefined: of one it is not known which entries are in its files. */
async function plannedRanges(
  control: Pick<ControlStore, 'get'>,
  trailId: string,
  stream: StreamId,
  entries: readonly LedgerEntry[],
): Promise<PlannedRange[] | undefined> {
  const ranges: PlannedRange[] = []
  for (const of of Map.groupBy(entries, ({ from }) => from).values()) {
    const { from, to } = of[0]!
    const files: ManifestFile[] = []
    for (const entry of of) {
      if (!('deliveredAt' in entry)) continue
      const positions = await readSelected(control, trailId, stream, entry)
      if (!positions) return undefined
      const { bucket, key, sha256, count } = entry
      files.push({ s3Bucket: bucket, s3Object: key, hashValue: sha256, count, positions })
    }
    const given = of.find((entry) => 'abandonedAt' in entry)
    ranges.push({ from, to, files, ...(given && { abandoned: { reason: given.reason, count: given.count } }) })
  }
  return ranges.sort((one, other) => one.from - other.from)
}

/** Beside those in force: an event of a change is judged by older ones, and comes late where the journal was full. */
const olderVersions = 20

async function versionsIn(
  { journal, versions }: ManifestOptions,
  trailId: string,
  stream: StreamId,
  { manifest: { from, to, configVersion } }: DigestPlan,
): Promise<readonly TrailVersion[]> {
  const known = versions(trailId).filter(({ since }) => since <= configVersion)
  const first = from < to ? await readFirst(journal, stream, from) : undefined
  const since = first ? parseEnvelope(first).configVersion : Infinity
  const inForce = known.findLastIndex((version) => version.since <= since)
  return known.slice(Math.max(0, inForce - olderVersions)).slice(-manifestVersionsMax)
}

/** Undefined: it is gone, or cannot be read any more because its key is destroyed; the chain goes on without it. */
async function readFirst(
  journal: ManifestOptions['journal'],
  stream: StreamId,
  after: Sequence | 0,
): Promise<StoredEntry | undefined> {
  try {
    return (await journal.get(stream, [(after + 1) as Sequence]))[0]
  } catch (error) {
    if (error instanceof CipherError) return undefined
    throw error
  }
}
