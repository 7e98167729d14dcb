import { hash } from 'node:crypto'
import {
  parseProof,
  verifyProof,
  type Checkpoint,
  type LogProofVerdict,
  type NoteKey,
} from '@opentrail/core/checkpoint'
import { misuse } from '../command-error.ts'
import { print, printError, printJson, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'
import { checkpointJson, notVerified, openNoteFile, readKey, readSmallFile, toBase64 } from '../log-files.ts'
import { printable } from '../table.ts'

export interface VerifyProofFlags extends FormatFlags {
  readonly key?: string
  readonly keyFile?: string
  readonly origin?: string
  readonly record?: string
  readonly checkpoint?: string
}

type Failed = Extract<LogProofVerdict, { ok: false }>

/** Verifies without a server that an event is in the log of the key. Says so, or why not, and exits 1. */
export async function verifyProofFile(this: CliContext, flags: VerifyProofFlags, path: string): Promise<void> {
  const key = keyOf(flags)
  const file = readSmallFile(path)
  const verdict = verifyRecords(file, recordsOf(flags, file, path), key, flags.origin ?? key.name)
  if (!verdict.ok) {
    if (flags.format === 'json') printJson(this, { isVerified: false, kind: verdict.kind, message: verdict.message })
    else printError(this, `NOT VERIFIED: ${verdict.message}`)
    return this.exitWith(1)
  }
  const { checkpoint, index, record } = verdict
  const isSame = flags.checkpoint === undefined || isKept(flags.checkpoint, key, checkpoint)
  const event = eventOf(record)
  if (flags.format === 'json')
    printJson(this, {
      isVerified: isSame,
      index,
      checkpoint: checkpointJson(checkpoint),
      event,
    })
  else if (isSame) print(this, verifiedText(event, index, checkpoint))
  if (isSame) return
  if (flags.format === 'text') printError(this, differsText(flags.checkpoint, checkpoint))
  this.exitWith(1)
}

/** Without a key anybody could have written the proof: nothing is said then. */
function keyOf({ key, keyFile }: VerifyProofFlags): NoteKey {
  if (key !== undefined && keyFile !== undefined) throw misuse('--key and --key-file both name the key; choose one')
  if (key !== undefined) return readKey(key)
  if (keyFile !== undefined) return readKey(readSmallFile(keyFile).toString('utf8'))
  throw misuse(
    'name the key of the log with --key or --key-file: without one a proof shows only that it fits itself, and anybody can make such a proof',
  )
}

/** The records that may be meant: a line that was saved from somewhere has one newline too many. */
function recordsOf({ record }: VerifyProofFlags, file: Buffer, path: string): Uint8Array[] {
  if (record !== undefined) {
    const bytes = readSmallFile(record)
    return bytes.at(-1) === 0x0a ? [bytes, bytes.subarray(0, -1)] : [bytes]
  }
  const reading = parseProof(file)
  if (reading.ok && reading.proof.extra === undefined)
    throw notVerified(`${path} does not bring the record: name it with --record FILE`)
  return [(reading.ok && reading.proof.extra) || new Uint8Array(0)]
}

function verifyRecords(
  file: Buffer,
  records: readonly Uint8Array[],
  key: NoteKey,
  origin: string,
): Failed | (Extract<LogProofVerdict, { ok: true }> & { readonly record: Uint8Array }) {
  let failed: Failed | undefined
  for (const record of records) {
    const recordHash = hash('sha256', record, 'buffer')
    const verdict = verifyProof(file, { recordHash, origin, verifiers: [key] })
    if (verdict.ok) return { ...verdict, record }
    failed = verdict
  }
  return failed!
}

/** Whether the proof leads to the checkpoint that was kept. @throws {CommandError} it leads to another size. */
function isKept(path: string, key: NoteKey, proven: Checkpoint): boolean {
  const kept = openNoteFile(readSmallFile(path), path, key, proven.origin)
  if (kept.size === proven.size) return Buffer.compare(kept.root, proven.root) === 0
  throw notVerified(
    `the proof is for ${proven.size} entries and ${path} for ${kept.size}: ask for one with "opentrail prove --size ${kept.size}", or compare with "opentrail checkpoint --since ${path}"`,
  )
}

interface EventSummary {
  readonly eventID?: string
  readonly eventTime?: string
  readonly eventName?: string
  readonly eventSource?: string
  readonly user?: string
}

/** What the record says; it is what the log has, whatever that is worth. */
function eventOf(record: Uint8Array): EventSummary {
  try {
    const json = JSON.parse(Buffer.from(record).toString('utf8')) as Record<string, unknown>
    const text = (name: string) => (typeof json[name] === 'string' ? { [name]: json[name] } : {})
    const { arn } = (json['userIdentity'] ?? {}) as { arn?: unknown }
    return {
      ...text('eventID'),
      ...text('eventTime'),
      ...text('eventName'),
      ...text('eventSource'),
      ...(typeof arn === 'string' && { user: arn }),
    }
  } catch {
    // Not JSON: it is in the log all the same.
    return {}
  }
}

function verifiedText(event: EventSummary, index: number, { origin, size, root }: Checkpoint): string {
  const lines = [
    'Verified: the log has this record, unchanged.',
    `  event  ${event.eventID ?? '-'}`,
    `         ${event.eventTime ?? '-'} ${event.eventName ?? '-'} (${event.eventSource ?? '-'})`,
    `  user   ${event.user ?? '-'}`,
    `  log    ${origin}, entry ${index + 1} of ${size}`,
    `  root   ${toBase64(root)}`,
  ]
  return lines.map(printable).join('\n')
}

const differsText = (path: string, { origin, size }: Checkpoint): string =>
  `THE LOG WAS REWRITTEN: ${printable(origin)} at ${size} entries is not what it was in ${path}`
