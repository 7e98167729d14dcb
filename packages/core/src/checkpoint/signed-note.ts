import { isSignedBy, writeKeyId, type NoteKey, type NoteSigner } from './note-key.ts'
import { decodeBase64, encodeBase64, isKeyName, isNoteText, noteBytesMax, readNoteText } from './note-text.ts'

export interface NoteSignature {
  readonly name: string
  readonly id: number
  /** Without the key id that precedes it in the note. */
  readonly signature: Uint8Array
}

/** A note of which at least one signature is by a key that was asked for. */
export interface OpenedNote {
  /** What was signed, its last newline included. */
  readonly text: string
  /** One per key, in the order of the note. */
  readonly verified: readonly NoteSignature[]
  /** By keys that nobody asked for; they mean nothing. */
  readonly unknown: readonly NoteSignature[]
}

export type NoteFault = 'malformed' | 'invalid-signature' | 'unverified'
export type NoteReading =
  | { readonly ok: true; readonly note: OpenedNote }
  | { readonly ok: false; readonly kind: NoteFault; readonly message: string }

/** Signatures of one note: verifiers must accept 16; each costs a verification of some 0.1 ms at most. */
export const noteSignaturesMax = 100

const keyIdBytes = 4
const signaturePrefix = '\u2014 '

/**
 * The text followed by one signature line per signer (C2SP signed-note).
 * @throws {RangeError} no signer or too many, a text that does not end in a newline or has other control characters, or
 * a note that nobody would open because it is too large.
 */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (signers.length === 0 || signers.length > noteSignaturesMax)
    throw new RangeError(`a note has 1 to ${noteSignaturesMax} signatures`)
  if (!text.endsWith('\n') || !isNoteText(text))
    throw new RangeError("a note's text ends in a newline and has no other control characters")
  const bytes = Buffer.from(text)
  const lines = signers.map(({ key, sign }) => signatureLine(key, sign(bytes)))
  const note = `${text}\n${lines.join('')}`
  if (Buffer.byteLength(note) > noteBytesMax) throw new RangeError(`a note has at most ${noteBytesMax} bytes`)
  return note
}

function signatureLine({ name, id }: NoteKey, signature: Uint8Array): string {
  const bytes = Buffer.alloc(keyIdBytes + signature.length)
  bytes.writeUInt32BE(id, 0)
  bytes.set(signature, keyIdBytes)
  return `${signaturePrefix}${name} ${encodeBase64(bytes)}\n`
}

/**
 * Reads a signed note and verifies the signatures of the given keys. Signatures of other keys are listed and mean
 * nothing; one signature of a given key that is wrong refuses the note, as does the lack of any right one. The note is
 * untrusted: bounded by `noteBytesMax` and `noteSignaturesMax`. Never throws.
 * Source: C2SP signed-note v1.0.0, "Signatures".
 */
export function openNote(signedNote: string | Uint8Array, verifiers: readonly NoteKey[]): NoteReading {
  const parts = splitNote(signedNote)
  if (typeof parts === 'string') return { ok: false, kind: 'malformed', message: parts }
  const { text, signatures } = parts
  const bytes = Buffer.from(text)
  const verified = new Map<string, NoteSignature>()
  const unknown: NoteSignature[] = []
  for (const signature of signatures) {
    const label = `${signature.name}+${writeKeyId(signature.id)}`
    const keys = verifiers.filter(({ name, id }) => name === signature.name && id === signature.id)
    if (keys.length === 0) unknown.push(signature)
    else if (keys.some((key) => isSignedBy(key, bytes, signature.signature))) verified.set(label, signature)
    else return { ok: false, kind: 'invalid-signature', message: `The signature of ${label} is not one of this text.` }
  }
  if (verified.size === 0)
    return { ok: false, kind: 'unverified', message: 'The note has no signature of a key that is asked for.' }
  return { ok: true, note: { text, verified: [...verified.values()], unknown } }
}

/** The parts of a note, or why it is none. */
function splitNote(signedNote: string | Uint8Array): { text: string; signatures: NoteSignature[] } | string {
  const note = readNoteText(signedNote)
  if (note === undefined) return `A note is UTF-8 without control characters and has at most ${noteBytesMax} bytes.`
  // The last empty line divides: the text may have such lines, too, but signature lines are not empty.
  const end = note.lastIndexOf('\n\n')
  if (end === -1 || !note.endsWith('\n')) return 'A note is text, an empty line, and lines of signatures.'
  const lines = note.slice(end + 2, -1).split('\n', noteSignaturesMax + 1)
  if (lines.length > noteSignaturesMax) return `A note has at most ${noteSignaturesMax} signatures.`
  const signatures = lines.map(readSignature)
  if (!signatures.every((signature) => signature !== undefined)) return 'A signature line is not well-formed.'
  return { text: note.slice(0, end + 1), signatures }
}

function readSignature(line: string): NoteSignature | undefined {
  if (!line.startsWith(signaturePrefix)) return undefined
  const [name = '', base64 = '', ...rest] = line.slice(signaturePrefix.length).split(' ')
  const bytes = decodeBase64(base64)
  if (rest.length > 0 || !isKeyName(name) || bytes === undefined || bytes.length <= keyIdBytes) return undefined
  return { name, id: Buffer.from(bytes).readUInt32BE(0), signature: bytes.subarray(keyIdBytes) }
}
