/** Replaces `[start, end)` of a text. */
export interface TextEdit {
  readonly start: number
  readonly end: number
  readonly replacement: string
}

/** Applies edits that are in order and do not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let edited = ''
  let from = 0
  for (const edit of edits) {
    edited += text.slice(from, edit.start) + edit.replacement
    from = edit.end
  }
  return edited + text.slice(from)
}

/** A JSON string literal as Latin-1 text: the UTF-8 bytes of the literal, one char each, to be spliced into such text. */
export const literalText = (value: string): string => Buffer.from(JSON.stringify(value), 'utf8').toString('latin1')
