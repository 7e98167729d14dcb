import { openNote, parseCheckpoint, verifyGrowth, type Checkpoint, type NoteKey } from '@opentrail/core/checkpoint'
import { CommandError, misuse } from '../command-error.ts'
import { connect, type ConnectionFlags } from '../connection.ts'
import { printError, printJson, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'
import { createLogClient, type LogClient } from '../log-client.ts'
import { checkpointJson, notVerified, openNoteFile, readKey, readSmallFile, writeResult } from '../log-files.ts'
import { OperationError } from '../signed-request.ts'
import { printable } from '../table.ts'

export interface CheckpointFlags extends ConnectionFlags, FormatFlags {
  readonly out?: string
  readonly since?: string
  readonly verifierKey?: string
  readonly key?: boolean
}

/** Prints the newest checkpoint of the log, or its key. With `--since` only what is proven to continue the kept one. */
export async function checkpoint(this: CliContext, flags: CheckpointFlags): Promise<void> {
  if (flags.key && (flags.since !== undefined || flags.verifierKey !== undefined))
    throw misuse('--key prints the key of the log; ask for the checkpoint in a second call')
  const old = flags.since === undefined ? undefined : readSmallFile(flags.since)
  const client = createLogClient(this, await connect(this, flags))
  if (flags.key) return give(this, flags, `${await client.verifierKey()}\n`, 'key')
  const note = await client.checkpoint()
  const given = flags.verifierKey
  const key = given === undefined && old === undefined ? undefined : readKey(given ?? (await client.verifierKey()))
  const newest = key ? openNoteFile(note, "the server's checkpoint", key) : readUnverified(note)
  const kept = old && key && (await verifySince(client, { old, path: flags.since!, key, newest }))
  give(this, flags, note, 'note', {
    ...checkpointJson(newest),
    isVerified: key !== undefined,
    ...(kept && { since: checkpointJson(kept) }),
  })
  if (kept && flags.format === 'text') printError(this, growthText(kept, newest, given === undefined))
}

/** Prints it, or writes it where it was wanted. */
function give(
  context: CliContext,
  { out, format }: CheckpointFlags,
  text: string,
  name: 'key' | 'note',
  about: object = {},
): void {
  if (out !== undefined) writeResult(out, text)
  if (format === 'json') printJson(context, { ...about, [name]: name === 'key' ? text.trim() : text })
  else if (out === undefined) context.process.stdout.write(text)
}

/** A note that is printed as it came. @throws {CommandError} it is none. */
function readUnverified(note: string): Checkpoint {
  const opened = openNote(note, [])
  const reading = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1))
  if (!opened.ok && opened.kind === 'malformed') throw notVerified(`the server's answer is no note: ${opened.message}`)
  if (!reading.ok) throw notVerified(`the server's answer is no checkpoint: ${reading.message}`)
  return reading.checkpoint
}

interface Since {
  readonly old: Buffer
  readonly path: string
  readonly key: NoteKey
  readonly newest: Checkpoint
}

/** The kept checkpoint, if the newest one contains it. @throws {CommandError} 1: it does not; 255: that is not known. */
async function verifySince(client: LogClient, { old, path, key, newest }: Since): Promise<Checkpoint> {
  const kept = openNoteFile(old, path, key)
  if (newest.size < kept.size) throw rewritten(path, kept, `it has ${newest.size} entries now`)
  const proof = await client.growth(kept.size, newest.size).catch((error: unknown) => {
    // A server that declines is not caught, but has not proved anything either.
    throw error instanceof OperationError ? notVerified(`it could not be verified: ${error.message}`, error) : error
  })
  const verdict = verifyGrowth(proof, { old: kept, origin: kept.origin, verifiers: [key] })
  if (!verdict.ok) throw rewritten(path, kept, verdict.message)
  const same = verdict.checkpoint.size === newest.size && Buffer.compare(verdict.checkpoint.root, newest.root) === 0
  if (!same) throw rewritten(path, kept, 'two answers of the server contradict each other')
  return kept
}

const rewritten = (path: string, { origin, size }: Checkpoint, reason: string): CommandError =>
  new CommandError(
    `THE LOG WAS REWRITTEN: ${printable(origin)} does not continue what it was at ${size} entries (${path}): ${reason}`,
  )

function growthText({ size, origin }: Checkpoint, newest: Checkpoint, isServersKey: boolean): string {
  const grown = newest.size - size
  const verified = `Verified: ${printable(origin)} has the ${size} entries that it had, unchanged, and ${grown} more.`
  return isServersKey ? `${verified} The key is the one that the server names; --verifier-key takes yours.` : verified
}
