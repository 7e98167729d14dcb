/**
 * What a signed note may consist of: UTF-8 without control characters but the newline.
 * Source: C2SP signed-note v1.0.0, "Format".
 */

/** Bytes of the largest note: 16 post-quantum signatures of 5 kB, which verifiers must accept, fit twice. */
export const noteBytesMax = 256 * 1024

// oxlint-disable-next-line no-control-regex -- exactly these must not be there
const control = /[\u0000-\u0009\u000b-\u001f]/

/** Whether the text is Unicode (no lone surrogates, which have no UTF-8) without forbidden control characters. */
export const isNoteText = (text: string): boolean => text.isWellFormed() && !control.test(text)

/** Key names are part of a line whose parts are divided by spaces, and of a verifier key divided by `+`. */
export const isKeyName = (name: string): boolean => name !== '' && isNoteText(name) && !/[\p{White_Space}+]/u.test(name)

/**
 * The text of a note that came as bytes, or undefined where it is too large, no UTF-8, or has control characters.
 * A byte order mark stays: it is part of what was signed.
 */
export function readNoteText(note: string | Uint8Array, bytesMax: number = noteBytesMax): string | undefined {
  // A character has at least one byte: too long a string is refused before it is encoded.
  if (note.length > bytesMax) return undefined
  const text = typeof note === 'string' ? note : decodeUtf8(note)
  if (text === undefined || !isNoteText(text)) return undefined
  return typeof note === 'string' && Buffer.byteLength(note) > bytesMax ? undefined : text
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // Not UTF-8; that is all there is to say of it.
    return undefined
  }
}

export const encodeBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** The bytes of standard padded Base64; undefined for each other way to write them, so that there is one text for one value. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? Uint8Array.from(bytes) : undefined
}

/** A number as tree sizes and indexes are written: decimal, no leading zeros; undefined where it is not exact. */
export function decodeDecimal(text: string): number | undefined {
  // As many digits as the largest exact integer has.
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}
