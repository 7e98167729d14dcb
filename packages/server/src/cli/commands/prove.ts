import { parseProof } from '@opentrail/core/checkpoint'
import { misuse } from '../command-error.ts'
import { connect, type ConnectionFlags } from '../connection.ts'
import { printError, printJson, type CliContext } from '../context.ts'
import type { FormatFlags } from '../flags.ts'
import { createLogClient } from '../log-client.ts'
import { notVerified, writeResult } from '../log-files.ts'

export interface ProveFlags extends ConnectionFlags, FormatFlags {
  readonly out?: string
  readonly size?: string
  readonly withoutRecord?: boolean
}

/** Gets the proof of one event, to be given to whom it may concern. */
export async function prove(this: CliContext, flags: ProveFlags, eventId: string): Promise<void> {
  const { size, out } = flags
  if (size !== undefined && !/^[1-9]\d{0,15}$/.test(size)) throw misuse(`--size is a number of entries, not "${size}"`)
  const client = createLogClient(this, await connect(this, flags))
  const text = await client.proof(eventId, { size, withRecord: flags.withoutRecord !== true })
  const reading = parseProof(text)
  if (!reading.ok) throw notVerified(`the server's answer is no proof: ${reading.message}`)
  if (out !== undefined) writeResult(out, text)
  const { index, extra } = reading.proof
  if (flags.format === 'json')
    return printJson(this, {
      eventId,
      index,
      hasRecord: extra !== undefined,
      ...(out ? { file: out } : { proof: text }),
    })
  if (out === undefined) this.process.stdout.write(text)
  else printError(this, `${out} proves that ${eventId} is entry ${index + 1} of the log.`)
}
