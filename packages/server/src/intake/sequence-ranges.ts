import type { Sequence, StreamId } from '@opentrail/core/event'

export interface SequenceRange {
  readonly stream: StreamId
  readonly from: Sequence
  readonly to: Sequence
}

/** Ranges named in one answer; beyond it the first ones are named and `complete` is false. */
const rangesMax = 1_000

/** Collects stored sequences into ranges per stream, for an answer of bounded size. */
export function createSequenceRanges() {
  const open = new Map<StreamId, { from: number; to: number }>()
  const closed: SequenceRange[] = []
  let complete = true
  const close = (stream: StreamId, { from, to }: { from: number; to: number }) => {
    if (closed.length < rangesMax) closed.push({ stream, from: from as Sequence, to: to as Sequence })
    else complete = false
  }
  return {
    add(stream: StreamId, sequence: Sequence): void {
      const range = open.get(stream)
      if (range && sequence === range.to + 1) {
        range.to = sequence
        return
      }
      if (range) close(stream, range)
      open.set(stream, { from: sequence, to: sequence })
    },
    finish(): { ranges: SequenceRange[]; complete: boolean } {
      for (const [stream, range] of open) close(stream, range)
      open.clear()
      return { ranges: closed, complete }
    },
  }
}
