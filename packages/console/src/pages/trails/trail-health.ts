import type { TrailStatus } from '../../api/trail-operations.ts'
import { bucketAdvice, topicAdvice, logsAdvice } from './delivery-advice.ts'

/**
 * `delivering`: the last attempt was taken. `waiting`: it logs, and nothing was to be delivered yet. `impaired`: log files arrive,
 * something beside them does not. `failing`: log files do not arrive. `stopped`: it records nothing.
 */
export type HealthState = 'delivering' | 'waiting' | 'impaired' | 'failing' | 'stopped'

export interface TrailHealth {
  readonly state: HealthState
  /** What is, in one or two sentences. */
  readonly sentence: string
  /** What a person can do about it; absent where there is nothing to do. */
  readonly whatToDo?: string
}

type HealthStatus = Pick<
  TrailStatus,
  | 'IsLogging'
  | 'LatestDeliveryError'
  | 'LatestDeliveryTime'
  | 'LatestNotificationError'
  | 'LatestDigestDeliveryError'
  | 'LatestDigestDeliveryTime'
  | 'LatestCloudWatchLogsDeliveryError'
  | 'StartLoggingTime'
  | 'StopLoggingTime'
>

/** Digests come every hour; one that is this late did not come. */
const digestLateMs = 2 * 3_600_000
const retriedFor = 'It is tried again for 30 days; nothing is lost before.'

/** How a trail does in one Region, by its status there. `now` in milliseconds, on the server's clock. */
export function trailHealth(status: HealthStatus, now: number): TrailHealth {
  const { LatestDeliveryError: error, LatestDeliveryTime: delivered } = status
  if (error)
    return {
      state: 'failing',
      sentence: `Log files are not delivered: the bucket answers ${error}. ${lastDelivery(delivered, now)} ${retriedFor}`,
      whatToDo: bucketAdvice(error),
    }
  if (!status.IsLogging) return stopped(status, now)
  const impairment = impairmentOf(status, now)
  if (impairment) return { state: 'impaired', ...impairment }
  if (delivered === undefined)
    return {
      state: 'waiting',
      sentence: `It logs${startedText(status.StartLoggingTime, now)}; no log file was delivered in this Region yet.`,
      whatToDo: 'A first file comes within minutes of the first event that the trail takes.',
    }
  return { state: 'delivering', sentence: `Log files are delivered. ${lastDelivery(delivered, now)}` }
}

function stopped({ StartLoggingTime: started, StopLoggingTime: ended }: HealthStatus, now: number): TrailHealth {
  const sentence =
    started === undefined
      ? 'It has never logged: it was created and not started.'
      : `It does not log${ended === undefined ? '' : `: stopped ${ago(ended, now)}`}. Events since then are in the event history only.`
  return { state: 'stopped', sentence, whatToDo: 'Start logging to have events delivered from now on.' }
}

function impairmentOf(status: HealthStatus, now: number): Omit<TrailHealth, 'state'> | undefined {
  const { LatestDigestDeliveryError: digest, LatestDigestDeliveryTime: digestAt } = status
  const { LatestNotificationError: notification, LatestCloudWatchLogsDeliveryError: logs } = status
  if (digest)
    return {
      sentence: `Log files are delivered, digests are not: the bucket answers ${digest}. ${retriedFor}`,
      whatToDo: bucketAdvice(digest),
    }
  if (notification)
    return {
      sentence: `Log files are delivered, but nobody is told of them: the topic answers ${notification}. ${retriedFor}`,
      whatToDo: topicAdvice(notification),
    }
  if (logs)
    return {
      sentence: `Log files are delivered, the log group gets nothing: it answers ${logs}.`,
      whatToDo: logsAdvice(logs),
    }
  if (digestAt !== undefined && now - digestAt * 1_000 > digestLateMs && startedBefore(status, now - digestLateMs))
    return {
      sentence: `Log files are delivered; the last digest came ${ago(digestAt, now)}, and one is due every hour.`,
      whatToDo: 'If validation is still on, see the server’s log for "digest".',
    }
  return undefined
}

/** After a start the digests begin anew. */
const startedBefore = ({ StartLoggingTime }: HealthStatus, time: number): boolean =>
  StartLoggingTime === undefined || StartLoggingTime * 1_000 < time

const lastDelivery = (delivered: number | undefined, now: number): string =>
  delivered === undefined ? 'None was delivered yet.' : `The last one came ${ago(delivered, now)}.`

const startedText = (started: number | undefined, now: number): string =>
  started === undefined ? '' : `, started ${ago(started, now)}`

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** `3 hours ago`; `time` in seconds, as the wire has it. */
export function ago(time: number, now: number): string {
  const past = now - time * 1_000
  const unit = units.find(([, length]) => past >= length)
  if (!unit) return 'just now'
  const count = Math.floor(past / unit[1])
  return `${count} ${unit[0]}${count === 1 ? '' : 's'} ago`
}

const order: readonly HealthState[] = ['failing', 'impaired', 'stopped', 'waiting', 'delivering']

/** Of a trail in several Regions the one to be told of: the worst; that files arrive somewhere is more than that none was due elsewhere. */
export function worstHealth<Own extends { readonly health: TrailHealth }>(regions: readonly Own[]): Own | undefined {
  const rank = (own: Own) => {
    const { state } = own.health
    return state === 'waiting' && regions.some(({ health }) => health.state === 'delivering')
      ? order.length
      : order.indexOf(state)
  }
  return regions.toSorted((a, b) => rank(a) - rank(b))[0]
}
