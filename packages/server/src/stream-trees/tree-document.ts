import { hashBytes, type MerkleFrontier } from '@opentrail/core/merkle'
import type { StreamId } from '@opentrail/core/event'
import { tileHashes, type NodePlace } from './tree-places.ts'

/** A frontier as JSON; hashes are in Base64 in all documents. */
export interface FrontierJson {
  readonly size: number
  readonly nodes: readonly string[]
}

/** How far a stream's tree is stored, written together with its tiles. */
export interface TreeDocument extends FrontierJson {
  /** The tree before the first entry that was read; absent where that was the stream's first. */
  readonly begin?: FrontierJson
  /** Kept sizes to whose right nodes are still to come. */
  readonly kept?: readonly number[]
}

/** Hashes of one row, one after the other; 32 zeros where one is not known. */
export interface TileDocument {
  readonly hashes: string
}

/** Nodes below level 8 that outlast their leaves, by `level/index`. */
export interface EdgeDocument {
  readonly nodes: Readonly<Record<string, string>>
}

export const treesPrefix = 'tree/'
export const treeKey = (stream: StreamId): string => `${treesPrefix}${stream}`
export const streamOfTree = (key: string): StreamId => key.slice(treesPrefix.length) as StreamId

/** Decimal digits of the largest number of a tile: 2^53 leaves, 2^8 in each. */
const numberDigits = 14

export const tileKey = (stream: StreamId, level: number, tile: number): string =>
  `tree-row/${stream}/${String(level).padStart(2, '0')}/${String(tile).padStart(numberDigits, '0')}`
export const tileOf = ({ index }: NodePlace): number => Math.floor(index / tileHashes)

/** `group`: 256 leaves, counted from 0. */
export const edgeKey = (stream: StreamId, group: number): string =>
  `tree-edge/${stream}/${String(group).padStart(numberDigits, '0')}`
export const groupOf = ({ level, index }: NodePlace): number => Math.floor((index * 2 ** level) / tileHashes)

export const frontierToJson = ({ size, nodes }: MerkleFrontier): FrontierJson => ({ size, nodes: nodes.map(toBase64) })
export const frontierFromJson = ({ size, nodes }: FrontierJson): MerkleFrontier => ({
  size,
  nodes: nodes.map(fromBase64),
})

/** The hashes of a tile by their place in it, undefined where one is not known. */
export function readTile(document: TileDocument | undefined): (Uint8Array | undefined)[] {
  const bytes = fromBase64(document?.hashes ?? '')
  return Array.from({ length: Math.min(tileHashes, bytes.length / hashBytes) }, (_, at) => {
    const hash = bytes.subarray(at * hashBytes, (at + 1) * hashBytes)
    return hash.every((byte) => byte === 0) ? undefined : hash
  })
}

export function writeTile(hashes: readonly (Uint8Array | undefined)[]): TileDocument {
  const bytes = Buffer.alloc(hashes.length * hashBytes)
  for (const [at, hash] of hashes.entries()) if (hash) bytes.set(hash, at * hashBytes)
  return { hashes: toBase64(bytes) }
}

export const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
export const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
