import { admit, type AccountId, type Admission, type NewEntry, type StreamId } from '@opentrail/core/event'
import { uuid, type Clocks, type Random } from '../clock/index.ts'
import type { RecordWriter } from '../intake/index.ts'
import { JournalFullError, type Journal } from '../journal/index.ts'
import type { ApiCall, SelfTrail } from './api-call.ts'
import type { Outbox } from './outbox.ts'
import { recipientOf, selfRecord } from './self-record.ts'

export interface SelfTrailOptions {
  readonly writer: RecordWriter
  readonly outbox: Outbox
  readonly journal: Pick<Journal, 'stats'>
  readonly clocks: Clocks
  readonly random: Random
  readonly configVersion: () => number
}

/** Room that one event about an administrative change needs at most in the journal: the largest record and what frames it. */
const eventBytesMax = 320 * 1024

export function createSelfTrail(options: SelfTrailOptions): SelfTrail {
  const { writer, outbox, journal } = options
  return {
    async record(call) {
      const { stream, entry } = prepare(call, options)
      await writer.write(stream, [entry], { reserve: true })
      // The journal takes events: also those that it refused before. What fails here is tried again by the schedule.
      if (outbox.isWaiting) await outbox.relay().catch(() => {})
    },
    async commit(writes, call, { configVersion, committed, waitsForRoom = false } = {}) {
      const { bytes, bytesMax } = journal.stats()
      if (!waitsForRoom && bytes + eventBytesMax > bytesMax)
        throw new JournalFullError(`the journal holds ${bytes} of ${bytesMax} bytes`)
      const { stream, entry } = prepare(call, options, configVersion)
      await outbox.commit(writes, stream, entry, committed)
    },
  }
}

/**
 * Our own records take the same way in as everybody's: checked, redacted, capped. Parts of a call come from strangers, and
 * no content of theirs may keep it from being recorded: what admission does not take is left out, and the record says so.
 */
function prepare(
  call: ApiCall,
  options: SelfTrailOptions,
  changesConfig?: number,
): { stream: StreamId; entry: NewEntry } {
  const whole = admitOwn(call, options, changesConfig)
  if (whole.ok) return whole
  const { requestParameters, responseElements, ...rest } = call
  const reason = whole.refusal.code
  const reducedCall: ApiCall = {
    ...rest,
    ...(requestParameters !== undefined && {
      requestParameters: omitted('requestParameters', requestParameters, reason),
    }),
    ...(responseElements !== undefined && { responseElements: omitted('responseElements', responseElements, reason) }),
  }
  const reduced = admitOwn(reducedCall, options, changesConfig)
  if (reduced.ok) return reduced
  throw new Error(`our own event was refused: ${reduced.refusal.code}: ${reduced.refusal.message}`)
}

/** What stands in place of a member, in the words in which CloudTrail notes one that is too large. */
const omitted = (name: string, value: unknown, code: string) => ({
  reason: code === 'EventTooLarge' ? `${name} too large` : code,
  omitted: true,
  originalSize: Buffer.byteLength(JSON.stringify(value)),
})

function admitOwn(call: ApiCall, options: SelfTrailOptions, changesConfig: number | undefined): Admission {
  const account: AccountId = recipientOf(call)
  const now = options.clocks.domain()
  const record = selfRecord(call, uuid(options.random), now)
  const context = {
    origin: 'self' as const,
    principal: call.identity.kind === 'user' ? call.identity.principal.arn : `opentrail:${call.identity.kind}`,
    configVersion: options.configVersion(),
    ...(changesConfig !== undefined && { changesConfig }),
    account,
    region: call.region,
    accounts: new Set([account]),
    // Known when the call was authenticated; taken out of the configuration since, it is still where the call belongs.
    regions: new Set([call.region]),
    now,
  }
  return admit(record, context, () => ({ id: uuid(options.random), fromKey: false }))
}
