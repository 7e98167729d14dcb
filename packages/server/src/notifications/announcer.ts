import type { StreamId } from '@opentrail/core/event'
import { trailArn, trailTopicArn } from '@opentrail/core/trail'
import type { ControlStore } from '../control/index.ts'
import { readLedgerPage, type LedgerEntry } from '../delivery/index.ts'
import { TopicError, type TopicPublisher } from '../topics/index.ts'
import type { ControlTrailDirectory } from '../trails/index.ts'
import { announcementKey, type AnnouncementDocument } from './announcement-document.ts'
import type { NotificationLimits } from './notification-limits.ts'

export interface NotificationEvents {
  announced(file: { readonly stream: StreamId; readonly topicArn: string }): void
  /** `step` failed and is tried again. */
  failed(step: string, stream: StreamId, error: unknown): void
  /** Nobody was told of this file, and nobody will be. */
  abandoned(file: {
    readonly stream: StreamId
    readonly topicArn: string
    readonly key: string
    readonly code: string
  }): void
}

export interface AnnouncerParts {
  readonly control: ControlStore
  readonly trails: Pick<ControlTrailDirectory, 'byId' | 'versions'>
  readonly topics: TopicPublisher
  /** Domain ms. */
  readonly now: () => number
  readonly limits: NotificationLimits
  readonly events: NotificationEvents
}

/** Announces the files of one lane. Not safe for concurrent `work`: who owns it sees to that. */
export interface Announcer {
  document(): AnnouncementDocument
  /** Announces all that is in the ledger now. @throws {TopicError} and what the stores throw; to be tried again. */
  work(isClosed: () => boolean): Promise<void>
}

type DeliveredFile = Extract<LedgerEntry, { readonly deliveredAt: number }>
interface Announcement {
  readonly file: DeliveredFile
  readonly topicArn: string
  readonly trailArn: string
  readonly account: string
}

/**
 * `found`: as stored, or where to begin. Publishing comes before the cursor moves: a crash in between announces once more,
 * and none is left out.
 */
export function openAnnouncer(parts: AnnouncerParts, found: AnnouncementDocument): Announcer {
  const { control, trails, topics, now, limits, events } = parts
  const { trailId, stream } = found
  const key = announcementKey(trailId, stream)
  let document = found
  /** Announced by this process, behind the cursor: not once more because one before them failed. */
  const ahead = new Set<number>()
  /** How often this process has failed to announce the file behind the cursor. */
  let failures = 0

  /** By compare-and-set, so that two processes do not take one another's steps back. */
  async function write(change: Partial<AnnouncementDocument>): Promise<void> {
    const stored = await control.get<AnnouncementDocument>(key)
    const { latestNotificationError: _, ...before } = document
    const next = {
      ...before,
      ...change,
      ordinal: Math.max(change.ordinal ?? 0, document.ordinal, stored?.value.ordinal ?? 0),
    }
    await control.transact([{ key, value: next, ifVersion: stored?.version ?? 0 }])
    document = next
  }

  /**
   * Where and as whose the file is announced; undefined: not at all. A trail that is there has its say: what could not be
   * announced before it got another topic goes there, and nowhere if it has none any more.
   */
  function announcementOf(entry: LedgerEntry): Announcement | undefined {
    if (!('deliveredAt' in entry) || entry.topicArn === undefined || ahead.has(entry.ordinal)) return undefined
    const trail = trails.byId(trailId)
    const identity = trail ?? trails.versions(trailId).at(-1)
    const topicArn = trail ? trailTopicArn(trail) : entry.topicArn
    if (!identity || topicArn === undefined) return undefined
    return { file: entry, topicArn, trailArn: trailArn(identity), account: identity.account }
  }

  async function announce({ file, topicArn, ...by }: Announcement): Promise<unknown> {
    const message = JSON.stringify({ s3Bucket: file.bucket, s3ObjectKey: [file.key] })
    try {
      await topics.publish({ topicArn, message, ...by })
      ahead.add(file.ordinal)
      events.announced({ stream, topicArn })
      return undefined
    } catch (error) {
      return error
    }
  }

  /** @throws {TopicError} the first one failed; what succeeded is noted. */
  async function announceAll(entries: readonly LedgerEntry[]): Promise<void> {
    const announcements = entries.flatMap((entry) => announcementOf(entry) ?? [])
    const outcomes = await Promise.all(announcements.map(announce))
    const at = outcomes.findIndex((outcome) => outcome !== undefined)
    const failed = announcements[at]
    const last = failed ? failed.file.ordinal - 1 : entries.at(-1)!.ordinal
    const isAnyAnnounced = outcomes.includes(undefined)
    const attempt = announcements.length > 0 ? { latestNotificationAttemptAt: now() } : {}
    const success = isAnyAnnounced ? { latestNotificationAt: now() } : {}
    const error: unknown = outcomes[at]
    if (last > document.ordinal) failures = 0
    if (failed) failures++
    const code = failed && codeOf(error)
    const isGivenUp = failed !== undefined && isHopeless(failed.file)
    await write({
      ordinal: isGivenUp ? failed.file.ordinal : last,
      ...attempt,
      ...success,
      ...(code !== undefined && { latestNotificationError: code }),
    })
    for (const ordinal of ahead) if (ordinal <= document.ordinal) ahead.delete(ordinal)
    if (isGivenUp) events.abandoned({ stream, topicArn: failed.topicArn, key: failed.file.key, code: code ?? '' })
    if (failed) throw error
  }

  const isHopeless = ({ deliveredAt }: DeliveredFile): boolean =>
    failures >= limits.triesMin && now() - deliveredAt > limits.giveUpMs

  return {
    document: () => document,
    async work(isClosed) {
      for (;;) {
        let left: readonly LedgerEntry[] = await readLedgerPage(control, trailId, stream, document.ordinal)
        if (left.length === 0) return
        while (left.length > 0) {
          if (isClosed()) return
          const next = firstAnnouncements(left, limits.publishesAtOnce, (entry) => announcementOf(entry) !== undefined)
          await announceAll(next)
          left = left.slice(next.length)
        }
      }
    },
  }
}

/** The beginning of `entries` that holds at most `most` to be announced. */
function firstAnnouncements(
  entries: readonly LedgerEntry[],
  most: number,
  isAnnounced: (entry: LedgerEntry) => boolean,
): readonly LedgerEntry[] {
  let count = 0
  const end = entries.findIndex((entry) => isAnnounced(entry) && ++count > most)
  return end === -1 ? entries : entries.slice(0, end)
}

/** What is no answer of the topic's is a failure of ours. */
const codeOf = (error: unknown): string => (error instanceof TopicError ? error.code : 'InternalError')
