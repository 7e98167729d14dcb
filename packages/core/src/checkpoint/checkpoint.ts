import { hashBytes } from '../merkle/index.ts'
import type { NoteKey } from './note-key.ts'
import { decodeBase64, decodeDecimal, encodeBase64, isNoteText, readNoteText } from './note-text.ts'
import { openNote, type NoteFault, type NoteSignature } from './signed-note.ts'

/** The head of a log at one size: what a log's operator signs and can never take back. */
export interface Checkpoint {
  /** Which log: unique, by recommendation a URL without its scheme, such as `example.com/audit/eu-west-1`. */
  readonly origin: string
  /** Number of leaves. */
  readonly size: number
  /** Root of the RFC 6962 tree of that size, 32 bytes. */
  readonly root: Uint8Array
  /** Further lines, opaque; the specification advises against them. */
  readonly extensions?: readonly string[]
}

export type CheckpointReading =
  { readonly ok: true; readonly checkpoint: Checkpoint } | { readonly ok: false; readonly message: string }

export type OpenedCheckpoint =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly verified: readonly NoteSignature[] }
  | { readonly ok: false; readonly kind: NoteFault | 'foreign-origin'; readonly message: string }

/** Extension lines of a checkpoint: none of ours has any, and what is read is kept in memory. */
export const checkpointExtensionsMax = 64

const isLine = (line: string): boolean => line !== '' && !line.includes('\n') && isNoteText(line)

/**
 * The text of a checkpoint, to be signed with `signNote` (C2SP tlog-checkpoint).
 * @throws {RangeError} a line that is empty or has control characters, a size that is none, or a root that is no hash.
 */
export function formatCheckpoint({ origin, size, root, extensions = [] }: Checkpoint): string {
  if (![origin, ...extensions].every(isLine))
    throw new RangeError('lines of a checkpoint are not empty and are one line')
  if (extensions.length > checkpointExtensionsMax)
    throw new RangeError(`a checkpoint has at most ${checkpointExtensionsMax} extension lines`)
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`${size} is not a number of leaves`)
  if (root.length !== hashBytes) throw new RangeError(`a root has ${hashBytes} bytes, not ${root.length}`)
  return [origin, String(size), encodeBase64(root), ...extensions].map((line) => `${line}\n`).join('')
}

const refused = (message: string) => ({ ok: false, message }) as const

/** Reads the text of a checkpoint. It says nothing of signatures: `openCheckpoint` reads a signed one. */
export function parseCheckpoint(text: string): CheckpointReading {
  if (readNoteText(text) === undefined || !text.endsWith('\n'))
    return refused('A checkpoint consists of lines without control characters.')
  const [origin = '', size = '', root = '', ...extensions] = text
    .slice(0, -1)
    .split('\n', 3 + checkpointExtensionsMax + 1)
  if (extensions.length > checkpointExtensionsMax)
    return refused(`A checkpoint has at most ${checkpointExtensionsMax} extension lines.`)
  if (origin === '' || extensions.includes('')) return refused('A line of the checkpoint is empty.')
  const leaves = decodeDecimal(size)
  if (leaves === undefined) return refused(`The second line of a checkpoint is its size, at most ${2 ** 53 - 1}.`)
  const hash = decodeBase64(root)
  if (hash?.length !== hashBytes) return refused('The third line of a checkpoint is its root, 32 bytes in Base64.')
  return { ok: true, checkpoint: { origin, size: leaves, root: hash, ...(extensions.length > 0 && { extensions }) } }
}

/**
 * Reads a signed checkpoint of the log that is meant. `verifiers` are keys of that log: one signature of theirs is
 * enough, so give witnesses' keys to `openNote` and judge them yourself. Never throws.
 */
export function openCheckpoint(
  signedNote: string | Uint8Array,
  { origin, verifiers }: { readonly origin: string; readonly verifiers: readonly NoteKey[] },
): OpenedCheckpoint {
  const opened = openNote(signedNote, verifiers)
  if (!opened.ok) return opened
  const reading = parseCheckpoint(opened.note.text)
  if (!reading.ok) return { ok: false, kind: 'malformed', message: reading.message }
  if (reading.checkpoint.origin !== origin)
    return { ok: false, kind: 'foreign-origin', message: 'The checkpoint is one of another log.' }
  return { ok: true, checkpoint: reading.checkpoint, verified: opened.note.verified }
}
