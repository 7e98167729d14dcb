import { isIPv6 } from 'node:net'
import type { AccountId, Region } from '@opentrail/core/event'
import { uuid, type Random } from '../clock/index.ts'
import type { ApiCall, SelfTrail } from '../selftrail/index.ts'

/** Enough to see what a source tries, too little to bury the trail under it. */
const recordedPerSource = 10
/** From all sources together: an attacker with many addresses must not fill the journal either. */
const recordedMax = 600
/** Sources told apart in one window; what comes from more is counted together. */
const sourcesMax = 1_024
/** The window, in milliseconds. */
export const refusalWindowMs = 60_000

export interface RefusalRecorderOptions {
  readonly selfTrail: SelfTrail
  readonly random: Random
  /** Where the summaries belong: the deployment's own account and its leading Region. */
  readonly account: AccountId
  readonly region: Region
  onFault(error: unknown, where: string): void
}

/** Records calls that were refused before anyone was authenticated: each up to a rate per source, then as one count. */
export interface RefusalRecorder {
  /** Resolves when the call is recorded or counted; never rejects, as the refusal stands in any case. */
  record(call: ApiCall): Promise<void>
  /** Ends the window: one summary per source that was cut off. Called each minute. */
  flush(): Promise<void>
  /** Stops the timer and writes the last summaries. */
  close(): Promise<void>
}

interface Source {
  /** Absent: sources that no longer had a place of their own. */
  readonly address: string | undefined
  recorded: number
  counted: number
  readonly countByCode: Map<string, number>
}

export function createRefusalRecorder(options: RefusalRecorderOptions): RefusalRecorder {
  let sources = new Map<string, Source>()
  let recorded = 0

  const sourceOf = (address: string): Source => {
    const own = networkOf(address)
    const name = sources.has(own) || sources.size < sourcesMax ? own : 'others'
    const known = sources.get(name)
    if (known) return known
    const source = { address: name === 'others' ? undefined : address, recorded: 0, counted: 0, countByCode: new Map() }
    sources.set(name, source)
    return source
  }

  const flush = async () => {
    const ended = [...sources].filter(([, source]) => source.counted > 0)
    sources = new Map()
    recorded = 0
    await Promise.all(
      ended.map(async ([name, source]) => {
        try {
          await options.selfTrail.record(summary(source, options))
        } catch (error) {
          // Not lost: counted again in the next window, unless that has no place left; then together with others.
          options.onFault(error, 'summary of refused calls')
          carryOver(sources.has(name) || sources.size < sourcesMax ? name : 'others', source)
        }
      }),
    )
  }

  const carryOver = (name: string, from: Source) => {
    const to = sources.get(name)
    if (!to) {
      sources.set(name, { ...from, recorded: 0 })
      return
    }
    to.counted += from.counted
    for (const [code, count] of from.countByCode) to.countByCode.set(code, (to.countByCode.get(code) ?? 0) + count)
  }

  const timer = setInterval(() => void flush(), refusalWindowMs).unref()
  return {
    async record(call) {
      const source = sourceOf(call.sourceIPAddress)
      if (source.recorded < recordedPerSource && recorded < recordedMax) {
        source.recorded++
        recorded++
        try {
          return await options.selfTrail.record(call)
        } catch (error) {
          options.onFault(error, 'record of a refused call')
        }
      }
      const code = call.errorCode ?? 'Unknown'
      source.counted++
      source.countByCode.set(code, (source.countByCode.get(code) ?? 0) + 1)
    },
    flush,
    close() {
      clearInterval(timer)
      return flush()
    },
  }
}

function summary(source: Source, { account, region, random }: RefusalRecorderOptions): ApiCall {
  return {
    identity: { kind: 'service', account, invokedBy: 'cloudtrail.amazonaws.com' },
    region,
    eventSource: 'cloudtrail.amazonaws.com',
    eventName: 'UnauthenticatedCallsRefused',
    readOnly: true,
    requestId: uuid(random),
    sourceIPAddress: source.address ?? 'cloudtrail.amazonaws.com',
    userAgent: 'cloudtrail.amazonaws.com',
    additionalEventData: {
      refusedCalls: source.counted,
      refusedCallsByErrorCode: Object.fromEntries(source.countByCode),
      windowSeconds: refusalWindowMs / 1_000,
      ...(source.address === undefined && { source: 'several' }),
    },
  }
}

const groups = (text: string): string[] => text.split(':').filter((group) => group !== '')

/** An IPv6 host usually owns a /64 and could change its address with each call. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('::')
  const left = groups(head)
  const right = groups(tail ?? '')
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`
}
