const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const uniquePartChars = 16
/** Bytes from here on would make the first letters likelier than the others, and are skipped. */
const fairBytesEnd = 256 - (256 % alphabet.length)

/** Random bytes to give to `uniquePart`: one in 32 is skipped, so that 64 are too few once in 10^56 times. */
export const uniquePartBytes = 64

/** The 16 letters and digits that keep log files of one stamp apart. @throws {RangeError} the bytes do not suffice. */
export function uniquePart(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    if (byte >= fairBytesEnd) continue
    text += alphabet[byte % alphabet.length]
    if (text.length === uniquePartChars) return text
  }
  throw new RangeError(`${bytes.length} random bytes give ${text.length} characters, not ${uniquePartChars}`)
}
