import { createReadStream } from 'node:fs'
import { CommandError } from '../command-error.ts'
import { connect, type ConnectionFlags } from '../connection.ts'
import { print, printJson, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'
import { describeSummary, postEvents } from '../send-records.ts'

export interface SendFlags extends ConnectionFlags, FormatFlags {}

/** The whole file is hashed for its signature before it is sent, so it has to fit into memory. */
const fileBytesMax = 256 * 1024 * 1024

/**
 * Sends NDJSON or a CloudTrail log file to POST /events, byte for byte as it is: the server splits it into records.
 * Fails when a record was refused, so that a script notices.
 */
export async function send(this: CliContext, flags: SendFlags, path: string): Promise<void> {
  const connection = await connect(this, flags)
  const body = await readAll(path === '-' ? this.stdin : createReadStream(path), path === '-' ? 'standard input' : path)
  const summary = await postEvents(this, connection, body)
  if (flags.format === 'json') printJson(this, summary)
  else print(this, describeSummary(summary))
  if (summary.refused > 0) throw new CommandError(`${summary.refused} of ${summary.received} records were refused`)
}

async function readAll(source: AsyncIterable<Uint8Array>, name: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of source) {
      parts.push(part)
      length += part.length
      if (length > fileBytesMax) throw new Error(`it is longer than ${fileBytesMax} bytes; split it`)
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${name} cannot be read: ${reason}`, { cause: error })
  }
  if (length === 0) throw new CommandError(`${name} is empty`)
  return Buffer.concat(parts)
}
