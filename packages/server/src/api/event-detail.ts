import { hash } from 'node:crypto'
import type { ApiEventDetail, ApiLogFileRef, ApiTrailVerdict } from '@opentrail/core/api'
import { explainSelection, logFileKind, readPositions, type SelectionExplanation } from '@opentrail/core/delivery'
import { parseEnvelope, streamParts, type Region, type StoredEntry } from '@opentrail/core/event'
import { coversRegion, trailArn, type Trail, type TrailVersion } from '@opentrail/core/trail'
import type { Checkpoints } from '../checkpoints/index.ts'
import type { ControlStore } from '../control/index.ts'
import { findInLedger, readSelected, type Delivery, type LedgerEntry } from '../delivery/index.ts'
import { CipherError } from '../keyring/index.ts'
import { LeavesLostError } from '../stream-trees/index.ts'
import type { ControlTrailDirectory } from '../trails/index.ts'
import { eventDetailSchema } from './answer-schemas.ts'
import { findDigestOf, type DigestParts } from './digest-pages.ts'
import { apiEvent } from './event-view.ts'
import { apiError, operation, type ApiOperation } from './operation.ts'
import { requiredText } from './parameters.ts'
import { accountsParameter, readStreams, regionsParameter, type ScopeParts } from './scope.ts'
import { secondsMax } from './asked-time.ts'
import { scanMax, type SearchParts } from './walk.ts'

export interface DetailParts extends DigestParts {
  readonly search: SearchParts['search']
  readonly control: Pick<ControlStore, 'get' | 'list'>
  readonly trails: Pick<ControlTrailDirectory, 'ofAccount' | 'versions'>
  readonly delivery: Pick<Delivery, 'lanes'>
  readonly checkpoints: Checkpoints
  readonly verifierKey: (stream: StoredEntry['stream']) => string
  readonly leadingRegion: Region
}

/** Event ids are bounded at admission; this is only against nonsense. */
const eventIdCharsMax = 1_024

/** One event, why it was recorded, where it went, and what proves it. */
export const eventOperation = (parts: DetailParts & ScopeParts): ApiOperation =>
  operation({
    method: 'GET',
    path: '/api/v1/events/{eventId}',
    eventName: 'GetEvent',
    brief: 'One event: why trails took it or not, where it was delivered, and the proof that it is in the log',
    details: 'The proof is left out where the log no longer has the hashes that it needs.',
    parameters: { accounts: accountsParameter, regions: regionsParameter },
    subject: requiredText("The event's id", { charsMax: eventIdCharsMax }),
    answer: { json: eventDetailSchema },
    errors: ['EventNotFoundException', 'EventErasedException'],
    async ask(question) {
      const streams = readStreams(question.parameters, question, parts)
      const entry = streams.length === 0 ? undefined : await findEntry(question, streams, parts)
      if (!entry)
        throw apiError(
          'EventNotFoundException',
          `There is no event ${question.subject} here, or it is older than what is kept.`,
        )
      return { json: await eventDetail(entry, parts) }
    },
  })

async function findEntry(
  { subject, signal }: { readonly subject: string; readonly signal: AbortSignal },
  streams: readonly StoredEntry['stream'][],
  { search }: DetailParts,
): Promise<StoredEntry | undefined> {
  const expression = { kind: 'attribute', attribute: 'eventID', values: [subject] } as const
  const times = { timeMin: 0, timeMax: secondsMax }
  const { entries } = await search.page({ streams, expression, ...times, limit: 1, scanMax, signal })
  return entries[0]
}

export async function eventDetail(entry: StoredEntry, parts: DetailParts): Promise<ApiEventDetail> {
  const { account, region } = streamParts(entry.stream)
  const covering = parts.trails
    .ofAccount(account)
    .filter(({ homeRegion, settings }) => coversRegion({ homeRegion, isMultiRegion: settings.isMultiRegion }, region))
  const trails: ApiTrailVerdict[] = []
  for (const trail of covering) trails.push(await verdictOf(trail, entry, parts))
  const proof = await proofOf(entry, parts)
  return { event: apiEvent(entry), recordedBy: parseEnvelope(entry).principal, trails, ...(proof && { proof }) }
}

async function verdictOf(trail: Trail, entry: StoredEntry, parts: DetailParts): Promise<ApiTrailVerdict> {
  const { region } = streamParts(entry.stream)
  const lane = parts.delivery.lanes().find(({ trailId, stream }) => trailId === trail.id && stream === entry.stream)
  const explained = explainSelection(
    parts.trails.versions(trail.id),
    { region, leadingRegion: parts.leadingRegion },
    entry,
  )
  const ranges = lane ? await findInLedger(parts.control, lane, entry.sequence) : []
  const written = await fileWith(ranges, trail, entry, parts)
  const arn = trailArn(trail)
  if (written) {
    const file = await fileRef(written, trail, region, parts)
    return { trailArn: arn, selected: true, why: whyTaken(explained), state: 'delivered', file }
  }
  const why = explained.isSelected ? whyTaken(explained) : whyNot(explained)
  if (!explained.isSelected) return { trailArn: arn, selected: false, why, state: 'not-selected' }
  const isGivenUp = ranges.some((range) => 'abandonedAt' in range)
  return { trailArn: arn, selected: true, why, state: isGivenUp ? 'abandoned' : 'pending' }
}

type DeliveredFile = Extract<LedgerEntry, { readonly deliveredAt: number }>

/** The file that has the entry: what the ledger says, whatever the selectors would say today. */
async function fileWith(
  ranges: readonly LedgerEntry[],
  trail: Trail,
  entry: StoredEntry,
  { control }: DetailParts,
): Promise<DeliveredFile | undefined> {
  const kind = logFileKind(parseEnvelope(entry).event.category)
  for (const range of ranges) {
    if (!('deliveredAt' in range) || range.kind !== kind) continue
    const selected = await readSelected(control, trail.id, entry.stream, range)
    if (selected && hasPosition(selected, range, entry.sequence)) return range
  }
  return undefined
}

function hasPosition(bytes: Uint8Array, { from, to }: DeliveredFile, sequence: number): boolean {
  const read = readPositions(bytes, { entries: to - from })
  const offset = sequence - from - 1
  if (!read.ok) return false
  for (const { first, count } of read.positions.runs())
    if (first <= offset) {
      if (offset < first + count) return true
    } else return false
  return false
}

async function fileRef(file: DeliveredFile, trail: Trail, region: Region, parts: DetailParts): Promise<ApiLogFileRef> {
  const digest = await findDigestOf(file, trail, region, parts)
  return {
    bucket: file.bucket,
    key: file.key,
    sha256: file.sha256,
    deliveredAt: new Date(file.deliveredAt).toISOString(),
    ...(digest && { digest }),
  }
}

type Explained = SelectionExplanation<TrailVersion>

/** By the version that took it; an old one may no longer be kept. */
function whyTaken({ verdicts }: Explained): string {
  const taking = verdicts.find(({ refusal }) => refusal === undefined)
  return taking?.selectors?.text ?? 'A version of the trail that is no longer kept took the event.'
}

const refusals: Readonly<Record<string, string>> = {
  import: 'The event was imported: log files are not delivered again.',
  category: 'Events of this category go to no log file.',
  'no-version': 'The trail did not exist yet, or its version of that time is no longer kept.',
  'not-logging': 'The trail was not logging.',
  region: 'The trail did not act in this Region.',
  global: 'The event is of a global service, and the trail takes none of those.',
  recursive: "The event is of one of OpenTrail's own deliveries, and the trail leaves them out.",
}

function whyNot({ verdicts }: Explained): string {
  const [verdict] = verdicts
  if (verdict?.refusal === 'selectors') {
    const drops = verdict.selectors?.selectors.map(({ text }) => text).join(' ')
    return drops === undefined || drops === '' ? 'The trail has no selectors that take the event.' : drops
  }
  return refusals[verdict?.refusal ?? 'no-version'] ?? 'The trail does not take the event.'
}

/** Undefined where the hashes that it needs are gone. */
async function proofOf(
  entry: StoredEntry,
  { checkpoints, verifierKey }: DetailParts,
): Promise<ApiEventDetail['proof']> {
  const { stream, sequence } = entry
  try {
    const { size, root, note } = await checkpoints.checkpoint(stream)
    const path = await checkpoints.inclusion(stream, sequence, size)
    return {
      origin: note.slice(0, note.indexOf('\n')),
      leafIndex: sequence - 1,
      leafHash: hash('sha256', Buffer.concat([Buffer.of(0), entry.recordHash]), 'hex'),
      treeSize: size,
      rootHash: Buffer.from(root).toString('hex'),
      path: path.map((node) => Buffer.from(node).toString('hex')),
      checkpoint: note,
      verifierKey: verifierKey(stream),
    }
  } catch (error) {
    if (error instanceof LeavesLostError || error instanceof CipherError) return undefined
    throw error
  }
}
