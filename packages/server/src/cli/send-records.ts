import { CommandError } from './command-error.ts'
import type { Connection } from './connection.ts'
import type { CliContext } from './context.ts'
import { signedPost } from './signed-request.ts'
import { errorText } from './test-clock.ts'

/** What POST /events answers, summed over the requests. */
export interface SendSummary {
  readonly received: number
  readonly stored: number
  readonly duplicates: number
  readonly refused: number
  /** The first refusals, in the order of the input. `index` counts from the first record sent, from 0. */
  readonly refusals: readonly Refusal[]
}

export interface Refusal {
  readonly index: number
  readonly code: string
  readonly message: string
  readonly eventId?: string
}

/** One request: far below what the server takes, and short enough to be repeated. */
const batchBytesMax = 1024 * 1024
const refusalsKept = 100
const newline = Buffer.from('\n')

/** Sends records (each one line of JSON) in batches, one after the other. @throws {CommandError} a batch failed as a whole. */
export async function sendRecords(
  context: CliContext,
  connection: Connection,
  records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<SendSummary> {
  let summary = emptySummary
  let batch: Uint8Array[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return
    try {
      summary = add(summary, await postEvents(context, connection, Buffer.concat(batch)))
    } catch (error) {
      if (summary.stored === 0 || !(error instanceof CommandError)) throw error
      throw new CommandError(`${error.message} (${summary.stored} records were stored before)`, { cause: error })
    }
    batch = []
    bytes = 0
  }
  for await (const record of records) {
    if (bytes + record.length + 1 > batchBytesMax) await flush()
    batch.push(record, newline)
    bytes += record.length + 1
  }
  await flush()
  return summary
}

/** One POST /events with a body of records as they are, gzip recognised by its first bytes. @throws {CommandError} */
export async function postEvents(context: CliContext, connection: Connection, body: Uint8Array): Promise<SendSummary> {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b
  const { status, text } = await signedPost(connection, {
    path: '/events',
    region: connection.region,
    headers: {
      'content-type': 'application/x-ndjson',
      'user-agent': 'opentrail-cli',
      ...(isGzip && { 'content-encoding': 'gzip' }),
    },
    body,
    now: context.now(),
  })
  if (status >= 300) throw new CommandError(`POST /events failed: ${errorText(text, status)}`)
  return add(emptySummary, JSON.parse(text) as Partial<SendSummary>)
}

const emptySummary: SendSummary = { received: 0, stored: 0, duplicates: 0, refused: 0, refusals: [] }

const add = (sum: SendSummary, answer: Partial<SendSummary>): SendSummary => ({
  received: sum.received + (answer.received ?? 0),
  stored: sum.stored + (answer.stored ?? 0),
  duplicates: sum.duplicates + (answer.duplicates ?? 0),
  refused: sum.refused + (answer.refused ?? 0),
  refusals: [
    ...sum.refusals,
    ...(answer.refusals ?? []).map((refusal) => ({ ...refusal, index: refusal.index + sum.received })),
  ].slice(0, refusalsKept),
})

/** One line of counts, then the first refusals by kind. */
export function describeSummary({ received, stored, duplicates, refused, refusals }: SendSummary): string {
  const lines = [
    `${received} records sent: ${stored} stored${duplicates > 0 ? `, ${duplicates} already there` : ''}${refused > 0 ? `, ${refused} refused` : ''}.`,
  ]
  const byCode = Map.groupBy(refusals, ({ code }) => code)
  for (const [code, [first, ...rest]] of byCode)
    lines.push(
      `  ${code}: ${first!.message} (record ${first!.index + 1}${rest.length > 0 ? ` and ${rest.length} more` : ''})`,
    )
  return lines.join('\n')
}
