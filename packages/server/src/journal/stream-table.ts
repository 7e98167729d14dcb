import type { Sequence, StreamId } from '@opentrail/core/event'
import type { MerkleFrontier } from '@opentrail/core/merkle'

/** Where one stream stands at some point of the log. Its frontier's size always equals `last`. */
export interface StreamPosition {
  readonly last: Sequence | 0
  readonly frontier: MerkleFrontier
}

export type StreamTable = ReadonlyMap<StreamId, StreamPosition>

/** The stream table as JSON: stream, last sequence, frontier nodes in base64. */
export type StreamTableJson = readonly (readonly [stream: string, last: number, nodes: readonly string[]])[]

export const streamTableToJson = (table: StreamTable): StreamTableJson =>
  [...table].map(([stream, { last, frontier }]) => [stream, last, nodesToJson(frontier)])

export const streamTableFromJson = (json: StreamTableJson): Map<StreamId, StreamPosition> =>
  new Map(
    json.map(([stream, last, nodes]) => [
      stream as StreamId,
      { last: last as Sequence, frontier: frontierFromJson(last, nodes) },
    ]),
  )

export const nodesToJson = ({ nodes }: MerkleFrontier): string[] =>
  nodes.map((node) => Buffer.from(node).toString('base64'))

export const frontierFromJson = (size: number, nodes: readonly string[]): MerkleFrontier => ({
  size,
  nodes: nodes.map((node) => new Uint8Array(Buffer.from(node, 'base64'))),
})
