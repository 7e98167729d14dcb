import { createHash } from 'node:crypto'
import { logFileKey, uniquePart, uniquePartBytes } from '@opentrail/core/delivery'
import { streamParts, type StreamId } from '@opentrail/core/event'
import type { Random } from '../clock/index.ts'
import type { LogContent } from './content-builder.ts'
import type { LaneDocument, Plan, PlannedFile } from './lane-document.ts'

/** Where a trail's files go at the moment. */
export interface TrailDestination {
  readonly bucket: string
  readonly keyPrefix?: string
  readonly trailArn: string
  readonly topicArn?: string
  /** ARN of the key that encrypts what is put from now on. */
  readonly encryptionKey?: string
}

export interface PlanBasis {
  readonly stream: StreamId
  readonly from: Plan['from']
  readonly destination: TrailDestination
  readonly plannedAt: number
  readonly queuedAt: number
}

/** Decides everything about the files of a range: from here on a repetition makes the same objects. */
export function makePlan(basis: PlanBasis, content: LogContent, random: Random): Plan {
  const { stream, from, destination, plannedAt, queuedAt } = basis
  const files = content.files.map(({ kind, sha256, bytes, count, oldest, newest }) => {
    const key = freshKey(stream, destination, kind, plannedAt, random)
    return { kind, key, sha256, bytes, count, oldest, newest }
  })
  return { from, to: content.to, ...place(destination), plannedAt, queuedAt, files }
}

/** The same range to another place, or under other keys. Only for a plan none of whose objects is in a bucket. */
export const movePlan = (plan: Plan, stream: StreamId, destination: TrailDestination, at: number, random: Random) => {
  const { bucket: _, keyPrefix: __, ...rest } = plan
  const files = plan.files.map((file) => rekey(file, stream, destination, at, random))
  return { ...rest, ...place(destination), plannedAt: at, files } satisfies Plan
}

export const rekey = (
  file: PlannedFile,
  stream: StreamId,
  destination: Pick<TrailDestination, 'keyPrefix'>,
  at: number,
  random: Random,
): PlannedFile => ({ ...file, key: freshKey(stream, destination, file.kind, at, random) })

const place = ({ bucket, keyPrefix }: TrailDestination) => ({ bucket, ...(keyPrefix !== undefined && { keyPrefix }) })

function freshKey(
  stream: StreamId,
  { keyPrefix }: Pick<TrailDestination, 'keyPrefix'>,
  kind: PlannedFile['kind'],
  plannedAt: number,
  random: Random,
): string {
  const unique = uniquePart(random.bytes(uniquePartBytes))
  return logFileKey({ ...(keyPrefix !== undefined && { keyPrefix }), ...streamParts(stream), kind, plannedAt, unique })
}

export const eventCount = ({ files }: Pick<Plan, 'files'>): number => files.reduce((sum, { count }) => sum + count, 0)

/** Name of a planned file in the spool: whatever key it will get, it stays the same. */
export const spoolName = (trailId: string, stream: StreamId, { from, to }: Plan, { kind }: PlannedFile): string =>
  createHash('sha256').update(`${trailId} ${stream} ${from} ${to} ${kind}`).digest('hex')

/** Of all files that the lane's plans have in the spool. */
export const spooledNames = ({
  trailId,
  stream,
  plans,
}: Pick<LaneDocument, 'trailId' | 'stream' | 'plans'>): string[] =>
  plans
    .filter(({ isSpooled }) => isSpooled)
    .flatMap((plan) => plan.files.map((file) => spoolName(trailId, stream, plan, file)))
