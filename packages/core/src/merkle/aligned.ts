import { hash } from 'node:crypto'
import type { MerkleFrontier } from './frontier.ts'
import { hashBytes, nodePrefix } from './hashes.ts'
import { perfectSpans, type Piece, type Span } from './spans.ts'

/**
 * The largest perfect subtrees, at their places in the tree, that make up the leaves `begin` to `end - 1`, from left to
 * right: at most two of each level, so at most 106. From 0 on they are those of a frontier.
 */
export function* alignedSpans({ begin, end }: Span): Generator<Span> {
  // The widths rise, then fall: each span begins with that of the one before.
  let width = 1
  for (let at = begin; at < end; at += width) {
    while (at % (2 * width) === 0 && at + 2 * width <= end) width *= 2
    while (at + width > end) width /= 2
    yield { begin: at, end: at + width }
  }
}

export interface SubtreeStack {
  /**
   * Adds the perfect subtree of the next `width` leaves, a power of two. The hash is kept and not to be written over.
   * @throws {RangeError} no subtree of that width begins here.
   */
  push(width: number, hash: Uint8Array): void
  /** The hashes of `alignedSpans` of all leaves so far, if what was pushed is below them. */
  hashes(): Uint8Array[]
}

/**
 * Joins neighbouring perfect subtrees, leaves among them, to larger ones as far as they belong together. Holds one hash or
 * two of each level. Begins behind leaf `begin - 1`, with nothing before it.
 */
export const createSubtreeStack = (begin: number): SubtreeStack => stackFrom(begin, [])

/** The frontier after appending the leaves up to before `end`, by the hashes of their `alignedSpans`. @throws {RangeError} */
export function appendSubtrees(from: MerkleFrontier, end: number, hashes: readonly Uint8Array[]): MerkleFrontier {
  const pieces = perfectSpans({ begin: 0, end: from.size }).map((span, at) => ({ ...span, hash: from.nodes[at]! }))
  const stack = stackFrom(from.size, pieces)
  const spans = [...alignedSpans({ begin: from.size, end })]
  if (spans.length !== hashes.length || pieces.length !== from.nodes.length)
    throw new RangeError(`the leaves from ${from.size} to ${end} have ${spans.length} subtrees, not ${hashes.length}`)
  for (const [index, span] of spans.entries()) stack.push(span.end - span.begin, hashes[index]!)
  return { size: end, nodes: stack.hashes() }
}

function stackFrom(begin: number, pieces: Piece[]): SubtreeStack {
  // Written over again and again: this runs for every record that is verified.
  const pair = Buffer.alloc(1 + 2 * hashBytes, nodePrefix)
  let end = begin
  return {
    push(width, added) {
      if (end % width !== 0) throw new RangeError(`no subtree of ${width} leaves begins at leaf ${end}`)
      let piece: Piece = { begin: end, end: end + width, hash: added }
      end += width
      for (let left = pieces.at(-1); left && areHalves(left, piece); left = pieces.at(-1)) {
        pair.set(left.hash, 1)
        pair.set(piece.hash, 1 + hashBytes)
        pieces.pop()
        piece = { begin: left.begin, end, hash: hash('sha256', pair, 'buffer') }
      }
      pieces.push(piece)
    },
    hashes: () => pieces.map((piece) => piece.hash),
  }
}

const areHalves = (left: Span, right: Span): boolean => {
  const width = right.end - right.begin
  return left.end - left.begin === width && left.begin % (2 * width) === 0
}
