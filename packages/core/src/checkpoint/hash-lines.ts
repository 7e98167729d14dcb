import { hashBytes } from '../merkle/index.ts'
import { decodeBase64, encodeBase64 } from './note-text.ts'

/** Hashes of a proof: the height of the largest tree there can be. */
export const proofHashesMax = 53

/** One Base64 hash a line. @throws {RangeError} something is no hash, or there are too many. */
export function writeHashLines(hashes: readonly Uint8Array[]): string[] {
  if (hashes.length > proofHashesMax || !hashes.every(({ length }) => length === hashBytes))
    throw new RangeError(`a proof has at most ${proofHashesMax} hashes of ${hashBytes} bytes`)
  return hashes.map(encodeBase64)
}

/** The hashes, or what is wrong with the lines. */
export function readHashLines(lines: readonly string[]): Uint8Array[] | string {
  if (lines.length > proofHashesMax) return `A proof has at most ${proofHashesMax} hashes.`
  const hashes = lines.map(decodeBase64).filter((hash) => hash?.length === hashBytes)
  if (hashes.length !== lines.length) return `A hash is ${hashBytes} bytes in Base64, alone on its line.`
  return hashes.filter((hash) => hash !== undefined)
}
