import { leafHash, verifyInclusion } from '../merkle/index.ts'
import { openCheckpoint, type Checkpoint, type OpenedCheckpoint } from './checkpoint.ts'
import { proofHashesMax, readHashLines, writeHashLines } from './hash-lines.ts'
import type { NoteKey } from './note-key.ts'
import { decodeBase64, decodeDecimal, encodeBase64, noteBytesMax, readNoteText } from './note-text.ts'
import { openNote } from './signed-note.ts'

/** All it takes to show offline that a record is in a log, to whom has the record and trusts the log's key. */
export interface LogProof {
  /** The record's place, counted from 0: its sequence less one. */
  readonly index: number
  /** Inclusion proof, from the leaf's sibling upwards. */
  readonly proof: readonly Uint8Array[]
  /** The signed checkpoint as it was issued, never written anew. */
  readonly checkpoint: string
  /** What else the application wants to send along. Nothing vouches for it. */
  readonly extra?: Uint8Array
}

export type LogProofReading =
  { readonly ok: true; readonly proof: LogProof } | { readonly ok: false; readonly message: string }

export type LogProofVerdict =
  | { readonly ok: true; readonly index: number; readonly checkpoint: Checkpoint }
  | {
      readonly ok: false
      readonly kind: Extract<OpenedCheckpoint, { ok: false }>['kind'] | 'not-included'
      readonly message: string
    }

/** Bytes of extra data: room for a record of the largest size AWS allows, 256 KB. */
export const proofExtraBytesMax = 256 * 1024

const header = 'c2sp.org/tlog-proof@v1'
/** Base64 is a third longer; a kilobyte holds the lines' other parts, 64 bytes each hash. */
const proofBytesMax = noteBytesMax + Math.ceil((proofExtraBytesMax * 4) / 3) + proofHashesMax * 64 + 1024

/**
 * The text of a proof (C2SP tlog-proof), by recommendation in a file with the ending `.tlog-proof`.
 * @throws {RangeError} an index that is none, something that is no hash, too many hashes, too much or empty extra data, or a
 * checkpoint that is no signed note.
 */
export function formatProof({ index, proof, checkpoint, extra }: LogProof): string {
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError(`${index} is not an index`)
  const hashes = writeHashLines(proof)
  if (extra !== undefined && (extra.length === 0 || extra.length > proofExtraBytesMax))
    throw new RangeError(`extra data has 1 to ${proofExtraBytesMax} bytes`)
  const note = openNote(checkpoint, [])
  if (!note.ok && note.kind === 'malformed') throw new RangeError(`the checkpoint is no signed note: ${note.message}`)
  const lines = [
    header,
    ...(extra === undefined ? [] : [`extra ${encodeBase64(extra)}`]),
    `index ${index}`,
    ...hashes,
    '',
    checkpoint,
  ]
  return lines.join('\n')
}

const refused = (message: string) => ({ ok: false, message }) as const

/** Reads a proof's parts and verifies nothing; bounded in size. Never throws. */
export function parseProof(file: string | Uint8Array): LogProofReading {
  const text = readNoteText(file, proofBytesMax)
  if (text === undefined) return refused(`A proof is UTF-8 without control characters, at most ${proofBytesMax} bytes.`)
  const end = text.indexOf('\n\n')
  if (end === -1) return refused('A proof has an empty line before its checkpoint.')
  const lines = text.slice(0, end).split('\n', 3 + proofHashesMax + 1)
  if (lines.shift() !== header) return refused(`The first line of a proof is ${header}.`)
  const extra = lines[0]?.startsWith('extra ') ? decodeBase64(lines.shift()!.slice('extra '.length)) : null
  if (extra === undefined || extra?.length === 0 || (extra?.length ?? 0) > proofExtraBytesMax)
    return refused(`Extra data is Base64 of 1 to ${proofExtraBytesMax} bytes.`)
  const index = decodeDecimal(/^index (?<index>.*)$/.exec(lines.shift() ?? '')?.groups?.index ?? '')
  if (index === undefined) return refused('A proof has a line with the index, such as "index 73894".')
  const proof = readHashLines(lines)
  if (typeof proof === 'string') return refused(proof)
  return { ok: true, proof: { index, proof, checkpoint: text.slice(end + 2), ...(extra && { extra }) } }
}

/**
 * Whether a proof shows that the record with this hash is in the log that is meant. `recordHash` is computed from the
 * record by who verifies; `origin` and `verifiers` are what one trusts. The file is untrusted. Never throws.
 */
export function verifyProof(
  file: string | Uint8Array,
  trusted: { readonly recordHash: Uint8Array; readonly origin: string; readonly verifiers: readonly NoteKey[] },
): LogProofVerdict {
  const reading = parseProof(file)
  if (!reading.ok) return { ok: false, kind: 'malformed', message: reading.message }
  const { index, proof } = reading.proof
  const opened = openCheckpoint(reading.proof.checkpoint, trusted)
  if (!opened.ok) return opened
  const { checkpoint } = opened
  if (
    !verifyInclusion({ leaf: leafHash(trusted.recordHash), index, size: checkpoint.size, proof, root: checkpoint.root })
  )
    return { ok: false, kind: 'not-included', message: 'The proof does not lead from the record to the checkpoint.' }
  return { ok: true, index, checkpoint }
}
