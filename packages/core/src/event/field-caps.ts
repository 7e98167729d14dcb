import { cappedFields } from './record-fields.ts'
import type { RecordMembers } from './record-members.ts'
import type { TextEdit } from './text-edits.ts'

/**
 * The edits that bring a scanned, compact record under CloudTrail's caps: strings are cut at the last whole character that
 * fits, objects are replaced by a note of their size (AWS CloudTrail User Guide, "CloudTrail record contents").
 */
export function findOversize(members: RecordMembers): TextEdit[] {
  const { outline } = members
  const edits: TextEdit[] = []
  for (const { name, index, cap } of cappedFields) {
    const entry = members.entries[index]!
    if (entry < 0) continue
    const start = outline.valueStart[entry]!
    const end = outline.valueEnd[entry]!
    if (outline.isString(entry)) {
      if (end - start - 2 > cap)
        edits.push({
          start: lastWholeCharacter(outline.bytes, start + 1, start + 1 + cap),
          end: end - 1,
          replacement: '',
        })
    } else if (end - start > cap) edits.push({ start, end, replacement: omittedNote(name, end - start) })
  }
  return edits.sort((a, b) => a.start - b.start)
}

const omittedNote = (name: string, bytes: number): string =>
  `{"reason":"${name} too large","omitted":true,"originalSize":${bytes}}`

/** The largest offset up to `limit` at which the content of a string literal may end: between characters and escapes. */
function lastWholeCharacter(bytes: Uint8Array, start: number, limit: number): number {
  let at = start
  while (at < limit) {
    const end = at + characterLength(bytes, at)
    if (end > limit) break
    at = end
  }
  return at
}

function characterLength(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]!
  if (byte === 0x5c) {
    if (bytes[at + 1] !== 0x75) return 2
    // The first half of a surrogate pair takes the second with it.
    const isHighSurrogate = (bytes[at + 2]! | 0x20) === 0x64 && /[89ab]/i.test(String.fromCharCode(bytes[at + 3]!))
    return isHighSurrogate ? 12 : 6
  }
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
}
