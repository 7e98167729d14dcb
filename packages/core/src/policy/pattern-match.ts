import { patternText } from './pattern.ts'
import type { Pattern } from './policy-document.ts'

/**
 * Tells of texts whether the whole of them is as the resolved pattern says; a character is a Unicode code point. Time is
 * length of the text times a 32nd of the pattern's, whatever both hold: neither side is trusted.
 */
export function patternTest(pattern: Pattern): (text: string) => boolean {
  const first = pattern[0]
  if (first?.kind === 'any' && pattern.length === 1) return () => true
  if (pattern.every((piece) => piece.kind === 'text')) {
    const wanted = patternText(pattern)
    return (text) => text === wanted
  }
  const start = first?.kind === 'text' ? first.text : ''
  const lengthMin = shortestLength(pattern)
  // Made for the first text that gets so far: most differ in how they begin.
  let machine: Machine | undefined
  return (text) => text.length >= lengthMin && text.startsWith(start) && run((machine ??= machineOf(pattern)), text)
}

export const matchPattern = (pattern: Pattern, text: string): boolean => patternTest(pattern)(text)

function shortestLength(pattern: Pattern): number {
  let length = 0
  for (const piece of pattern) length += piece.kind === 'text' ? piece.text.length : piece.kind === 'one' ? 1 : 0
  return length
}

/**
 * A pattern as a state machine whose states are bits: state n means that n characters of the pattern have been met, so the
 * machine is in all its states at once and never goes back.
 */
interface Machine {
  /** The state in which all is met. */
  readonly end: number
  /** States with a `*` behind them: any character leaves the machine there. */
  readonly loops: Int32Array
  /** States that any character leads out of, to the next. */
  readonly open: Int32Array
  /** By code point: states that this character leads out of; `open` for all others. */
  readonly steps: ReadonlyMap<number, Int32Array>
}

const setBit = (bits: Int32Array, bit: number): void => void (bits[bit >> 5]! |= 1 << (bit & 31))

function machineOf(pattern: Pattern): Machine {
  const points: number[] = []
  const anywhere: number[] = []
  for (const piece of pattern) {
    if (piece.kind === 'any') anywhere.push(points.length)
    else if (piece.kind === 'one') points.push(-1)
    else if (piece.kind === 'text') for (const char of piece.text) points.push(char.codePointAt(0)!)
  }
  const words = (points.length >> 5) + 1
  const loops = new Int32Array(words)
  for (const state of anywhere) setBit(loops, state)
  const open = new Int32Array(words)
  for (const [state, point] of points.entries()) if (point < 0) setBit(open, state)
  const steps = new Map<number, Int32Array>()
  for (const [state, point] of points.entries()) {
    if (point < 0) continue
    let step = steps.get(point)
    if (!step) steps.set(point, (step = open.slice()))
    setBit(step, state)
  }
  return { end: points.length, loops, open, steps }
}

function run({ end, loops, open, steps }: Machine, text: string): boolean {
  const states = new Int32Array(loops.length)
  states[0] = 1
  for (const char of text) {
    const step = steps.get(char.codePointAt(0)!) ?? open
    let carry = 0
    let alive = 0
    for (let word = 0; word < states.length; word++) {
      const before = states[word]!
      const moved = before & step[word]!
      const after = (moved << 1) | carry | (before & loops[word]!)
      carry = moved >>> 31
      states[word] = after
      alive |= after
    }
    if (alive === 0) return false
  }
  return ((states[end >> 5]! >>> (end & 31)) & 1) === 1
}
