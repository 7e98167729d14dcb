import { setTimeout as sleep } from 'node:timers/promises'
import { text as textOf } from 'node:stream/consumers'
import type { ApiEvent } from '@opentrail/core/api'
import { CommandError, misuse } from '../command-error.ts'
import { connect, type Connection, type ConnectionFlags } from '../connection.ts'
import { print, printError, type CliContext } from '../context.ts'
import { readMessages, type StreamMessage } from '../event-stream.ts'
import { openRequest } from '../http-stream.ts'
import { eventLine, queryOf, recordLine } from '../search-client.ts'
import { OperationError, signedHeaders } from '../signed-request.ts'

export interface TailFlags extends ConnectionFlags {
  readonly where?: string
  readonly accounts?: string
  readonly maxItems?: string
  readonly format: 'text' | 'ndjson'
}

/** Pauses before the next attempt: a server that starts anew is there within seconds. */
const pauseFirstMs = 500
const pauseMaxMs = 15_000

export async function tail(this: CliContext, flags: TailFlags): Promise<void> {
  const connection = await connect(this, flags)
  const most = flags.maxItems === undefined ? Infinity : Number(flags.maxItems)
  if (!(most >= 1)) throw misuse(`--max-items is a whole number from 1 on, not "${flags.maxItems}"`)
  const { where, accounts, region: regions } = flags
  let cursor: string | undefined
  let shown = 0
  let pauseMs = pauseFirstMs
  while (shown < most) {
    try {
      for await (const message of follow(this, connection, queryOf({ where, accounts, regions, cursor }))) {
        show(this, flags, message)
        if (message.event === 'event') shown += 1
        cursor = message.id ?? cursor
        pauseMs = pauseFirstMs
        if (shown >= most) return
      }
    } catch (error) {
      // What was never there will not be there in a second.
      if (cursor === undefined || isFinal(error)) throw error
    }
    printError(this, 'The connection has ended; going on where it was.')
    await sleep(pauseMs)
    pauseMs = Math.min(2 * pauseMs, pauseMaxMs)
  }
}

/** The server knows what it is asked, and refuses. */
const isFinal = (error: unknown): boolean =>
  error instanceof OperationError &&
  !/^(?:ServiceUnavailable|ThrottlingException|InternalFailure|status 5)/.test(error.code)

function show(context: CliContext, { format }: TailFlags, { event, data }: StreamMessage): void {
  if (event === 'lost') printError(context, `Events were removed before they could be shown: ${data}`)
  if (event !== 'event') return
  const found = JSON.parse(data) as ApiEvent
  print(context, format === 'ndjson' ? recordLine(found) : eventLine(found))
}

async function* follow(context: CliContext, connection: Connection, query: string): AsyncGenerator<StreamMessage> {
  const target = `/api/v1/live?${query}`
  const headers = signedHeaders(connection, target, context.now())
  const incoming = await openRequest({ origin: connection.endpoint, target, headers })
  try {
    if (incoming.statusCode !== 200)
      throw new OperationError('FollowEvents', {
        status: incoming.statusCode ?? 0,
        headers: new Headers(),
        text: await textOf(incoming),
      })
    yield* readMessages(incoming.setEncoding('utf8'))
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    throw new CommandError(
      `the stream of ${connection.endpoint} broke: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  } finally {
    incoming.destroy()
  }
}
