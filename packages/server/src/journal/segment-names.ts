/** Digits of a segment number in its file's name, so that names sort as numbers do. */
const digits = 20

export type SegmentKind = 'log' | 'seg'

export const segmentName = (number: number, kind: SegmentKind): string =>
  `${String(number).padStart(digits, '0')}.${kind}`
export const temporaryName = (number: number): string => `${segmentName(number, 'seg')}.tmp`
export const isTemporaryName = (name: string): boolean => /^\d{20}\.seg\.tmp$/.test(name)

export function parseSegmentName(name: string): { readonly number: number; readonly kind: SegmentKind } | undefined {
  const match = /^(\d{20})\.(log|seg)$/.exec(name)
  return match ? { number: Number(match[1]), kind: match[2] as SegmentKind } : undefined
}

/** What was acknowledged is not as it was written, or files are missing or foreign: a person has to look first. */
export class JournalCorruptError extends Error {
  override readonly name = 'JournalCorruptError'
}
