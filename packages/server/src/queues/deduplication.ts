import { hash } from 'node:crypto'
import type { ControlWrite } from '../control/index.ts'
import { deduplicationMs } from './queue-limits.ts'

/** What a send of a FIFO queue gave. */
export interface SentMessage {
  readonly messageId: string
  readonly sequence: number
}

export interface DeduplicationDocument extends SentMessage {
  readonly at: number
}

export const deduplicationsPrefix = 'queues/deduplication/'
export const queueDeduplicationsPrefix = (queueId: string) => `${deduplicationsPrefix}${queueId}/`

/** What one FIFO queue was sent in the last five minutes, so that a repeated send is answered and not stored again. */
export interface Deduplication {
  /** The earlier send of that id, which may not be durable yet; undefined: there is none. */
  find(id: string, now: number): Promise<SentMessage> | undefined
  /** What makes the id known is part of the message's own transaction; a send that fails takes it back. */
  add(id: string, at: number, sent: SentMessage, settled: Promise<unknown>): ControlWrite
  /** What an earlier process was sent; in the order of time. */
  restore(idHash: string, document: DeduplicationDocument): void
  /** At most `max` keys of documents that no longer count; they are forgotten here at once. */
  expire(now: number, max: number): string[]
  clear(): void
}

interface Known {
  readonly at: number
  readonly sent: Promise<SentMessage>
}

/** `tally`: ids known to all queues together. */
export function createDeduplication(queueId: string, tally: { deduplications: number }): Deduplication {
  /** By the id's hash, oldest first. */
  const known = new Map<string, Known>()
  const keyOf = (idHash: string) => `${queueDeduplicationsPrefix(queueId)}${idHash}`
  const isOver = ({ at }: Known, now: number) => at + deduplicationMs <= now
  function remember(idHash: string, entry: Known): void {
    forget(idHash)
    known.set(idHash, entry)
    tally.deduplications++
  }
  const forget = (idHash: string) => {
    if (known.delete(idHash)) tally.deduplications--
  }
  return {
    find(id, now) {
      const earlier = known.get(hashOf(id))
      return earlier && !isOver(earlier, now) ? earlier.sent : undefined
    },
    add(id, at, sent, settled) {
      const idHash = hashOf(id)
      const entry: Known = { at, sent: settled.then(() => sent) }
      remember(idHash, entry)
      entry.sent.catch(() => {
        if (known.get(idHash) === entry) forget(idHash)
      })
      const value: DeduplicationDocument = { ...sent, at }
      return { key: keyOf(idHash), value }
    },
    restore(idHash, { at, ...sent }) {
      remember(idHash, { at, sent: Promise.resolve(sent) })
    },
    expire(now, max) {
      const expired: string[] = []
      for (const [idHash, entry] of known) {
        if (expired.length === max || !isOver(entry, now)) break
        expired.push(idHash)
      }
      for (const idHash of expired) forget(idHash)
      return expired.map(keyOf)
    },
    clear() {
      for (const idHash of known.keys()) forget(idHash)
    },
  }
}

const hashOf = (id: string): string => hash('sha256', id, 'hex')
