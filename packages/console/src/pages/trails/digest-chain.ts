import type { ApiDigest } from '@opentrail/core/api'

/** How a digest is joined to the one before it in time. */
export type ChainLink =
  /** It names the one that is shown before it. */
  | 'joined'
  /** It names another one, or that one is not there. */
  | 'broken'
  /** It names none: a chain begins here. */
  | 'begins'
  /** What is before it is not shown. */
  | 'unseen'

export interface ChainBox {
  readonly digest: ApiDigest
  readonly link: ChainLink
  readonly x: number
  readonly y: number
}

export interface ChainPicture {
  /** Oldest first. */
  readonly boxes: readonly ChainBox[]
  readonly width: number
  readonly height: number
}

export const boxSize = { width: 92, height: 64, gap: 34, row: 104, margin: 16 } as const

/** Boxes of a width, oldest first, row under row. `digests` newest first, as they are answered, of one Region. */
export function chainPicture(digests: readonly ApiDigest[], width: number, hasOlder: boolean): ChainPicture {
  const step = boxSize.width + boxSize.gap
  const perRow = Math.max(1, Math.floor((width - 2 * boxSize.margin + boxSize.gap) / step))
  const ordered = digests.toReversed()
  const boxes = ordered.map((digest, index) => ({
    digest,
    link: linkOf(digest, ordered[index - 1], hasOlder),
    x: boxSize.margin + (index % perRow) * step,
    y: boxSize.margin + Math.floor(index / perRow) * boxSize.row,
  }))
  const rows = Math.ceil(ordered.length / perRow)
  return {
    boxes,
    width: 2 * boxSize.margin + Math.min(perRow, Math.max(1, ordered.length)) * step - boxSize.gap,
    height: 2 * boxSize.margin + Math.max(0, rows - 1) * boxSize.row + boxSize.height + 24,
  }
}

function linkOf({ previousKey }: ApiDigest, before: ApiDigest | undefined, hasOlder: boolean): ChainLink {
  if (previousKey === undefined) return 'begins'
  if (!before) return hasOlder ? 'unseen' : 'broken'
  return before.key === previousKey ? 'joined' : 'broken'
}

export const stateWords: Readonly<Record<ApiDigest['state'], string>> = {
  valid: 'Valid',
  invalid: 'Altered',
  missing: 'Missing',
  unknown: 'Not checked',
}
export const linkWords: Readonly<Record<ChainLink, string>> = {
  joined: 'Names the digest before it',
  broken: 'Does not name the digest before it',
  begins: 'A chain begins here',
  unseen: 'Names an older digest',
}

/** The picture in a sentence. */
export function chainSentence({ boxes }: ChainPicture): string {
  if (boxes.length === 0) return 'There are no digests.'
  const count = (state: ApiDigest['state']) => boxes.filter(({ digest }) => digest.state === state).length
  const states = (['valid', 'invalid', 'missing', 'unknown'] as const)
    .map((state) => [count(state), stateWords[state].toLowerCase()] as const)
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`)
  const broken = boxes.filter(({ link }) => link === 'broken').length
  const chain =
    broken === 0 ? 'The chain has no gap' : `The chain is broken in ${broken} ${broken === 1 ? 'place' : 'places'}`
  return `${boxes.length} ${boxes.length === 1 ? 'digest' : 'digests'}: ${states.join(', ')}. ${chain}.`
}
