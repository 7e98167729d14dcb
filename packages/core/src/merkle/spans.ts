import { emptyRoot, nodeHash } from './hashes.ts'

/** Leaves `begin` to `end - 1`, counted from 0, that are one subtree of the tree in question. */
export interface Span {
  readonly begin: number
  readonly end: number
}

/** A subtree's leaves and its hash. */
export interface Piece extends Span {
  readonly hash: Uint8Array
}

/**
 * A number of leaves. Sequences are numbers, too, so sizes end where integers are exact; this also bounds the height of
 * a tree by 53 and with it the length of every proof.
 */
export const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

/** RFC 6962 §2.1 divides a subtree of two or more leaves after the largest power of two below their number. */
function halves({ begin, end }: Span): [Span, Span] {
  let width = 1
  while (width * 2 < end - begin) width *= 2
  return [
    { begin, end: begin + width },
    { begin: begin + width, end },
  ]
}

/** The perfect subtrees that make up a subtree, from left to right and so from large to small. */
export function perfectSpans({ begin, end }: Span): Span[] {
  const spans: Span[] = []
  for (let at = begin; at < end;) {
    let width = 1
    while (width * 2 <= end - at) width *= 2
    spans.push({ begin: at, end: at + width })
    at += width
  }
  return spans
}

/** The subtrees whose hashes prove leaf `index`, from the leaf's sibling upwards (RFC 6962 §2.1.1). */
export function inclusionSpans(size: number, index: number): Span[] {
  const spans: Span[] = []
  let at: Span = { begin: 0, end: size }
  while (at.end - at.begin > 1) {
    const [left, right] = halves(at)
    spans.push(index < left.end ? right : left)
    at = index < left.end ? left : right
  }
  return spans.toReversed()
}

/**
 * The subtrees whose hashes prove that the tree of `oldSize` (above 0) leaves is the beginning of that of `newSize`, in
 * the order of RFC 6962 §2.1.2. An old tree that is itself a subtree of the new one is left out: its root is known.
 */
export function consistencySpans(oldSize: number, newSize: number): Span[] {
  const spans: Span[] = []
  let at: Span = { begin: 0, end: newSize }
  while (at.end !== oldSize) {
    const [left, right] = halves(at)
    spans.push(oldSize <= left.end ? right : left)
    at = oldSize <= left.end ? left : right
  }
  if (at.begin > 0) spans.push(at)
  return spans.toReversed()
}

/** The largest subtrees to the right of leaf `end - 1`, from left to right. */
export function spansAfter(size: number, end: number): Span[] {
  const spans: Span[] = []
  let at: Span = { begin: 0, end: size }
  while (at.begin < end && end < at.end) {
    const [left, right] = halves(at)
    if (end <= left.end) spans.push(right)
    at = end <= left.end ? left : right
  }
  if (at.begin >= end && at.end > at.begin) spans.push(at)
  return spans.toReversed()
}

/** The root of the tree of `size` leaves. `pieces` are subtrees of it, from left to right, that cover it without overlap. */
export function foldPieces(size: number, pieces: readonly Piece[]): Uint8Array {
  let next = 0
  const fold = (span: Span): Uint8Array => {
    const piece = pieces[next]
    if (piece?.begin !== span.begin || piece.end > span.end) throw new RangeError('the pieces do not cover the tree')
    if (piece.end === span.end) {
      next += 1
      return piece.hash
    }
    const [left, right] = halves(span)
    const leftHash = fold(left)
    return nodeHash(leftHash, fold(right))
  }
  return size === 0 ? emptyRoot() : fold({ begin: 0, end: size })
}
