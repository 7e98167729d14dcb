import { createHash } from 'node:crypto'
import { createNodeTable } from './node-table.ts'
import { createTreeBuilder } from './tree-builder.ts'

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
  createHash('sha256').update(Buffer.concat(parts)).digest()

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const unhex = (text: string): Uint8Array => Buffer.from(text, 'hex')

/** Different leaf hashes, the same ones each time. */
export const someLeaves = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => sha256(Buffer.from(`leaf ${index}`)))

function middleOf(begin: number, end: number): number {
  let width = 1
  while (width * 2 < end - begin) width *= 2
  return begin + width
}

/** The definitions of RFC 6962 §2.1, word for word, without a thought for cost. Not for the empty tree. */
export function naiveTree(leaves: readonly Uint8Array[]) {
  function root(begin: number, end: number): Uint8Array {
    if (end - begin === 1) return leaves[begin]!
    const middle = middleOf(begin, end)
    return sha256(Uint8Array.of(1), root(begin, middle), root(middle, end))
  }
  function path(index: number, begin: number, end: number): Uint8Array[] {
    if (end - begin === 1) return []
    const middle = middleOf(begin, end)
    return index < middle
      ? [...path(index, begin, middle), root(middle, end)]
      : [...path(index, middle, end), root(begin, middle)]
  }
  function subproof(oldEnd: number, begin: number, end: number, known: boolean): Uint8Array[] {
    if (oldEnd === end) return known ? [] : [root(begin, end)]
    const middle = middleOf(begin, end)
    return oldEnd <= middle
      ? [...subproof(oldEnd, begin, middle, known), root(middle, end)]
      : [...subproof(oldEnd, middle, end, false), root(begin, middle)]
  }
  /** The largest subtrees that have no leaf of the range, which is not empty. */
  function beside(from: number, to: number, begin: number, end: number): { left: Uint8Array[]; right: Uint8Array[] } {
    if (end <= from) return { left: [root(begin, end)], right: [] }
    if (begin >= to) return { left: [], right: [root(begin, end)] }
    if (from <= begin && end <= to) return { left: [], right: [] }
    const middle = middleOf(begin, end)
    const [one, other] = [beside(from, to, begin, middle), beside(from, to, middle, end)]
    return { left: [...one.left, ...other.left], right: [...one.right, ...other.right] }
  }
  return {
    root: (size: number) => root(0, size),
    inclusion: (size: number, index: number) => path(index, 0, size),
    consistency: (oldSize: number, newSize: number) => subproof(oldSize, 0, newSize, true),
    beside: (size: number, from: number, to: number) => beside(from, to, 0, size),
  }
}

/**
 * The turns from the root to the subtree that ends before leaf `end`; all that a proof shows of its tree's size. Trees of
 * 5 and of 8 leaves have the same turns to leaf 0, so a proof of it is one in either of them, should both have one root.
 */
export function turnsTo(size: number, begin: number, end: number): string {
  let turns = ''
  for (let at = { begin: 0, end: size }; at.end !== end || at.begin < begin;) {
    const middle = middleOf(at.begin, at.end)
    turns += end <= middle ? 'l' : 'r'
    at = end <= middle ? { begin: at.begin, end: middle } : { begin: middle, end: at.end }
  }
  return turns
}

/** The nodes of a tree, as the builder computes them. */
export function builtTree(leaves: readonly Uint8Array[]) {
  const table = createNodeTable()
  const builder = createTreeBuilder({ keep: table.keep })
  for (const leaf of leaves) builder.append(leaf)
  return { ...table, frontier: builder.frontier() }
}

/** Each copy of `bytes` with one bit changed, one per byte. */
export function* withOneBitChanged(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes)
    changed[at]! ^= 1 << (at % 8)
    yield changed
  }
}

/** Lists that differ from `hashes` in one bit, in one hash, in order or in number. */
export function* changedLists(hashes: readonly Uint8Array[]): Generator<Uint8Array[]> {
  const other = sha256(Buffer.from('another'))
  for (const [at, hash] of hashes.entries()) {
    for (const changed of withOneBitChanged(hash)) yield hashes.with(at, changed)
    yield hashes.with(at, other)
    yield hashes.with(at, hash.subarray(1))
    yield hashes.toSpliced(at, 1)
    yield hashes.toSpliced(at, 0, hash)
    if (at > 0) yield hashes.with(at, hashes[at - 1]!).with(at - 1, hash)
  }
  yield [...hashes, other]
  yield [other, ...hashes]
  yield [...hashes, new Uint8Array()]
}
