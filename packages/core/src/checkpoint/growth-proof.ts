import { verifyConsistency } from '../merkle/index.ts'
import { openCheckpoint, type Checkpoint, type OpenedCheckpoint } from './checkpoint.ts'
import { proofHashesMax, readHashLines, writeHashLines } from './hash-lines.ts'
import type { NoteKey } from './note-key.ts'
import { decodeDecimal, noteBytesMax, readNoteText } from './note-text.ts'

/** All it takes to show who kept a checkpoint of a log that a newer one has only been appended to. */
export interface GrowthProof {
  readonly oldSize: number
  /** Consistency proof of RFC 6962. */
  readonly proof: readonly Uint8Array[]
  /** The newer signed checkpoint as it was issued. */
  readonly checkpoint: string
}

export type GrowthProofReading =
  { readonly ok: true; readonly growth: GrowthProof } | { readonly ok: false; readonly message: string }

export type GrowthVerdict =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | {
      readonly ok: false
      readonly kind: Extract<OpenedCheckpoint, { ok: false }>['kind'] | 'other-size' | 'not-grown'
      readonly message: string
    }

/** The hashes' lines, 64 bytes each, and the first one. */
const growthBytesMax = noteBytesMax + proofHashesMax * 64 + 1024

/**
 * The text of a consistency proof: what a C2SP tlog-witness is sent by a log, `old <size>`, the hashes, an empty line and the
 * newer checkpoint. @throws {RangeError} a size that is none, or what are no hashes.
 */
export function formatGrowthProof({ oldSize, proof, checkpoint }: GrowthProof): string {
  if (!Number.isSafeInteger(oldSize) || oldSize < 0) throw new RangeError(`${oldSize} is not a number of leaves`)
  return [`old ${oldSize}`, ...writeHashLines(proof), '', checkpoint].join('\n')
}

const refused = (message: string) => ({ ok: false, message }) as const

/** Reads a proof's parts and verifies nothing; bounded in size. Never throws. */
export function parseGrowthProof(file: string | Uint8Array): GrowthProofReading {
  const text = readNoteText(file, growthBytesMax)
  if (text === undefined)
    return refused(`A proof is UTF-8 without control characters, at most ${growthBytesMax} bytes.`)
  const end = text.indexOf('\n\n')
  if (end === -1) return refused('A proof has an empty line before its checkpoint.')
  const [first = '', ...lines] = text.slice(0, end).split('\n', 1 + proofHashesMax + 1)
  const oldSize = decodeDecimal(/^old (?<size>.*)$/.exec(first)?.groups?.size ?? '')
  if (oldSize === undefined)
    return refused('The first line of a consistency proof is the old size, such as "old 73894".')
  const proof = readHashLines(lines)
  return typeof proof === 'string'
    ? refused(proof)
    : { ok: true, growth: { oldSize, proof, checkpoint: text.slice(end + 2) } }
}

/**
 * Whether the proof shows that the log of the kept checkpoint has only been appended to. `old` is what who verifies has kept,
 * `origin` and `verifiers` what one trusts. The file is untrusted. Never throws.
 */
export function verifyGrowth(
  file: string | Uint8Array,
  trusted: { readonly old: Checkpoint; readonly origin: string; readonly verifiers: readonly NoteKey[] },
): GrowthVerdict {
  const reading = parseGrowthProof(file)
  if (!reading.ok) return { ok: false, kind: 'malformed', message: reading.message }
  const { oldSize, proof } = reading.growth
  const { old } = trusted
  if (oldSize !== old.size)
    return {
      ok: false,
      kind: 'other-size',
      message: `The proof is for a log of ${oldSize} entries, not of ${old.size}.`,
    }
  const opened = openCheckpoint(reading.growth.checkpoint, trusted)
  if (!opened.ok) return opened
  const { checkpoint } = opened
  const claim = { oldSize, oldRoot: old.root, newSize: checkpoint.size, newRoot: checkpoint.root, proof }
  if (old.origin !== checkpoint.origin || !verifyConsistency(claim))
    return { ok: false, kind: 'not-grown', message: 'The newer checkpoint does not contain the older one.' }
  return { ok: true, checkpoint }
}
