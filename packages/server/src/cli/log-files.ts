import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { openCheckpoint, parseVerifierKey, type Checkpoint, type NoteKey } from '@opentrail/core/checkpoint'
import { CommandError } from './command-error.ts'

/** Notes and proofs have some hundred kilobytes at most, with the largest record. */
const fileBytesMax = 1024 * 1024

/** It is not known whether what was asked is so: no verdict. As of validate-logs. */
export const notVerified = (message: string, cause?: unknown): CommandError =>
  new CommandError(message, { exitCode: 255, cause })

/** @throws {CommandError} it cannot be read or is too large. */
export function readSmallFile(path: string): Buffer {
  try {
    const { size } = statSync(path)
    if (size > fileBytesMax) throw new Error(`it has more than ${fileBytesMax} bytes`)
    return readFileSync(path)
  } catch (error) {
    throw notVerified(`${path} cannot be read: ${messageOf(error)}`, error)
  }
}

/** @throws {CommandError} */
export function writeResult(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    throw new CommandError(`${path} cannot be written: ${messageOf(error)}`, { cause: error })
  }
}

/** @throws {CommandError} it is not a verifier key. */
export function readKey(text: string): NoteKey {
  const reading = parseVerifierKey(text.trim())
  if (reading.ok) return reading.key
  throw notVerified(`this is no key of a log: ${reading.message} "opentrail checkpoint --key" prints one`)
}

/** A note of the log that the key is of. @throws {CommandError} it is not. */
export function openNoteFile(note: Uint8Array | string, what: string, key: NoteKey, origin = key.name): Checkpoint {
  const opened = openCheckpoint(note, { origin, verifiers: [key] })
  if (opened.ok) return opened.checkpoint
  throw new CommandError(`${what} is not one of ${origin}, signed with the key ${key.name}: ${opened.message}`)
}

export const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

export const checkpointJson = ({ origin, size, root }: Checkpoint) => ({ origin, size, root: toBase64(root) })

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
