import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { createBucketClient } from '../bucket-client.ts'
import { parseObjectLocation } from '../bucket-location.ts'
import { CommandError } from '../command-error.ts'
import { connect, type ConnectionFlags } from '../connection.ts'
import type { CliContext } from '../context.ts'

export interface CatFlags extends ConnectionFlags {
  readonly raw?: boolean
}

/** Prints an object as it arrives; what is gzip is unpacked, unless `--raw`. */
export async function cat(this: CliContext, flags: CatFlags, place: string): Promise<void> {
  const { bucket, key } = parseObjectLocation(place)
  const answer = await createBucketClient(this, await connect(this, flags)).open(bucket, key)
  const isPacked = key.endsWith('.gz') || answer.headers['content-encoding'] === 'gzip'
  try {
    if (flags.raw || !isPacked) await pipeline(answer, writeTo(this))
    else await pipeline(answer, createGunzip(), writeTo(this))
  } catch (cause) {
    throw new CommandError(explain(place, answer, cause), { cause })
  }
}

const writeTo = (context: CliContext) =>
  async function (source: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const bytes of source) await context.writeBytes(bytes)
  }

function explain(place: string, answer: IncomingMessage, cause: unknown): string {
  const { code = '', message } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : { message: String(cause) }
  if (code.startsWith('Z_')) return `${place} is not the gzip that it should be (${message}); --raw prints it as it is`
  return answer.complete ? `${place} cannot be printed: ${message}` : `${place} broke off: ${message}`
}
