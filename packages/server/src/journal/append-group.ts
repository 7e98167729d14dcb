import { streamParts } from '@opentrail/core/event'
import type { NewEntry, Sequence, StreamId } from '@opentrail/core/event'
import { emptyFrontier } from '@opentrail/core/merkle'
import type { RecordCipher } from '../keyring/index.ts'
import { encodeEntries, type EntryRun } from './entry-run.ts'
import { encodeFrameHead, frameContext } from './log-format.ts'
import type { TreeNode } from './journal.ts'
import { frameLast, type PlacedFrame } from './log-scan.ts'
import type { StreamPosition, StreamTable } from './stream-table.ts'
import { groupsBySize } from './groups.ts'
import { growTree } from './grow-tree.ts'

/** Appends of one stream share a frame up to this many bytes: small ones become cheap, and reading one entry stays so. */
const frameBytesMax = 256 * 1024

/** An append that waits for its turn. */
export interface WaitingAppend {
  readonly stream: StreamId
  readonly entries: readonly NewEntry[]
  /** Encoded size. */
  readonly bytes: number
  readonly resolve: (last: Sequence) => void
  readonly reject: (error: unknown) => void
}

/** A frame on its way to the disk, with all that has to happen once it is there. */
export interface PendingFrame {
  readonly frame: PlacedFrame
  readonly run: EntryRun
  /** Of all its appends, in order. */
  readonly entries: readonly NewEntry[]
  /** Nodes of the stream's tree for those who keep it: they are hashed once, here. */
  readonly rows: readonly TreeNode[]
  readonly appends: readonly WaitingAppend[]
}

export interface PendingGroup {
  readonly frames: readonly PendingFrame[]
  readonly parts: readonly Uint8Array[]
}

/**
 * Lays out a group of appends as frames from `offset` on. Appends whose account cannot be encrypted for are rejected here
 * and take no sequence; all others get theirs in the order in which they came.
 */
export function layOutGroup(
  group: readonly WaitingAppend[],
  place: {
    readonly segment: number
    readonly offset: number
    readonly streams: StreamTable
    readonly cipher: RecordCipher
  },
): PendingGroup {
  const frames: PendingFrame[] = []
  const parts: Uint8Array[] = []
  let offset = place.offset
  for (const [stream, appends] of Map.groupBy(group, (append) => append.stream)) {
    let position: StreamPosition = place.streams.get(stream) ?? { last: 0, frontier: emptyFrontier }
    for (const together of groupsBySize(appends, ({ bytes }) => bytes, frameBytesMax)) {
      const first = (position.last + 1) as Sequence
      const entries = entriesOf(together)
      const { bytes, run } = encodeEntries(entries, stream, first)
      let payload: Buffer
      try {
        payload = place.cipher.seal(streamParts(stream).account, [bytes], frameContext(place.segment, stream, first))
      } catch (error) {
        for (const append of together) append.reject(error)
        continue
      }
      const { frontier, rows } = growTree(position.frontier, entries)
      let oldest = Infinity
      let newest = -Infinity
      for (const { admittedAt } of entries) {
        oldest = Math.min(oldest, admittedAt)
        newest = Math.max(newest, admittedAt)
      }
      const { segment } = place
      const content = { stream, first, count: entries.length, frontier, oldest, newest, segment }
      const described = { ...content, durableOffset: place.offset }
      const head = encodeFrameHead(described, payload)
      const length = head.length + payload.length
      const frame: PlacedFrame = { ...described, length, payloadOffset: head.length, offset }
      frames.push({ frame, run, entries, rows, appends: together })
      parts.push(head, payload)
      offset += length
      position = { last: frameLast(frame), frontier }
    }
  }
  return { frames, parts }
}

const entriesOf = (appends: readonly WaitingAppend[]): readonly NewEntry[] =>
  appends.length === 1 ? appends[0]!.entries : appends.flatMap((append) => append.entries)
