const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBrace = 0x7b
const openBracket = 0x5b
const closeBrace = 0x7d
const closeBracket = 0x5d

/**
 * Whether a JSON text stays below `depthMax` levels and `valuesMax` values, seen from its bytes alone. Asked before
 * `JSON.parse`, which makes a hundred bytes of memory out of two (`[]`) and knows no bounds. What is no JSON is left to it.
 */
export function isWithinShape(bytes: Uint8Array, { depthMax, valuesMax }: JsonShape): boolean {
  let depth = 0
  let values = 1
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === quote) i = endOfString(bytes, i)
    else if (byte === openBrace || byte === openBracket) {
      depth++
      values++
    } else if (byte === closeBrace || byte === closeBracket) depth--
    else if (byte === comma) values++
    if (depth > depthMax || values > valuesMax) return false
  }
  return true
}

export interface JsonShape {
  readonly depthMax: number
  readonly valuesMax: number
}

/** Offset of the closing quote, or the text's end. */
function endOfString(bytes: Uint8Array, start: number): number {
  let i = start + 1
  while (i < bytes.length && bytes[i] !== quote) i += bytes[i] === backslash ? 2 : 1
  return i
}
