import type { ApiDigestPage, ApiLogFile, ApiLogFilePage } from '@opentrail/core/api'
import { formatEventTime, streamParts, type Region } from '@opentrail/core/event'
import { coversRegion, readTrailReference, trailArn, type Trail } from '@opentrail/core/trail'
import { readLedgerPage, type Delivery, type LaneDocument, type LedgerEntry } from '../delivery/index.ts'
import type { ControlTrailDirectory } from '../trails/index.ts'
import { digestPageSchema, logFilePageSchema } from './answer-schemas.ts'
import { digestPage, newestDigests, type DigestParts, type DigestPosition } from './digest-pages.ts'
import { apiError, operation, type ApiOperation, type Asker } from './operation.ts'
import { identityOf } from './page-cursors.ts'
import { integer, invalid, optionalText, requiredText } from './parameters.ts'
import { readAccounts, type ScopeParts } from './scope.ts'
import { cursorCharsMax, type Seals } from './seals.ts'

export interface TrailParts extends DigestParts, ScopeParts {
  readonly trails: Pick<ControlTrailDirectory, 'ofAccount'>
  readonly delivery: Pick<Delivery, 'lanes'>
  readonly seals: Seals
}

const nameParameter = requiredText(
  "The trail's name, or its ARN with percent escapes. A name is looked for in the called Region, then in the others",
  {
    charsMax: 256,
    example: 'audit',
  },
)
const regionParameter = optionalText('Region whose log files are meant. Absent: all', {
  charsMax: 64,
  pattern: /^[a-z0-9-]+$/,
  form: 'the name of a Region',
  example: 'us-east-1',
})
const cursorParameter = optionalText('Of the answer before: goes on behind it, for the same request', {
  charsMax: cursorCharsMax,
  pattern: /^[A-Za-z0-9_-]*$/,
  form: 'the cursor of an answer',
})

/** What a trail has delivered, from its ledger: nothing is listed. */
export const logFilesOperation = (parts: TrailParts): ApiOperation =>
  operation({
    method: 'GET',
    path: '/api/v1/trails/{name}/files',
    eventName: 'ListLogFiles',
    brief: "A trail's log files, newest first",
    parameters: {
      region: regionParameter,
      limit: integer('Files of one answer at most', { min: 1, max: 100, default: 50 }),
      cursor: cursorParameter,
    },
    subject: nameParameter,
    answer: { json: logFilePageSchema },
    errors: ['TrailNotFoundException', 'InvalidNextTokenException'],
    unrecorded: ['cursor'],
    async ask(question) {
      const { parameters, subject } = question
      const trail = findTrail(subject, question, parts)
      const region = readRegion(parameters.region, question)
      const identity = identityOf(question, subject, parameters)
      const begun =
        parameters.cursor === undefined ? undefined : (parts.seals.open(parameters.cursor, identity) as Written)
      const lanes = parts.delivery
        .lanes()
        .filter((lane) => lane.trailId === trail.id && (!region || streamParts(lane.stream).region === region))
      const ends = begun ? new Map(begun) : new Map(lanes.map(({ stream, ordinal }) => [stream as string, ordinal]))
      const walks = lanes.map((lane) => ({ lane, end: ends.get(lane.stream) ?? 0 }))
      const { files, rest } = await newestFiles(walks, parameters.limit, parts)
      const cursor = rest.some(([, end]) => end > 0) ? parts.seals.seal(rest, identity) : undefined
      return { json: { files, ...(cursor !== undefined && { cursor }) } satisfies ApiLogFilePage }
    },
  })

/** Ordinals up to which each lane's ledger is still to be shown. */
type Written = readonly (readonly [stream: string, end: number])[]

interface LaneWalk {
  readonly lane: LaneDocument
  readonly end: number
}

interface FoundFile {
  readonly walk: LaneWalk
  readonly entry: LedgerEntry
  readonly time: number
}

/** Merges the ends of the lanes' ledgers; of what a lane has more of than was read, nothing older is shown before it. */
async function newestFiles(
  walks: readonly LaneWalk[],
  limit: number,
  { control }: TrailParts,
): Promise<{ files: ApiLogFile[]; rest: Written }> {
  const found: FoundFile[] = []
  let horizon = 0
  for (const walk of walks) {
    const { lane, end } = walk
    const after = Math.max(0, end - limit)
    const page = end === 0 ? [] : await readLedgerPage(control, lane.trailId, lane.stream, after, limit)
    const own = page.filter(({ ordinal }) => ordinal <= end).map((entry) => ({ walk, entry, time: timeOf(entry) }))
    found.push(...own)
    if (after > 0 && own[0]) horizon = Math.max(horizon, own[0].time)
  }
  const shown = found
    .filter(({ time }) => time >= horizon)
    .sort((a, b) => b.time - a.time || b.entry.ordinal - a.entry.ordinal)
    .slice(0, limit)
  const rest = walks.map((walk) => [walk.lane.stream, restOf(walk, found, shown)] as const)
  return { files: shown.flatMap(({ walk, entry }) => fileOf(walk.lane, entry)), rest }
}

function restOf(walk: LaneWalk, found: readonly FoundFile[], shown: readonly FoundFile[]): number {
  const own = (all: readonly FoundFile[]) => all.filter((file) => file.walk === walk).map(({ entry }) => entry.ordinal)
  if (own(found).length === 0) return 0
  return Math.min(walk.end, ...own(shown).map((ordinal) => ordinal - 1))
}

const timeOf = (entry: LedgerEntry): number => ('deliveredAt' in entry ? entry.deliveredAt : entry.abandonedAt)

function fileOf({ stream }: LaneDocument, entry: LedgerEntry): ApiLogFile[] {
  if (!('deliveredAt' in entry)) return []
  const { bucket, key, sha256, bytes, count, oldest, newest, deliveredAt } = entry
  return [
    {
      ...streamParts(stream),
      bucket,
      key,
      sha256,
      bytes,
      events: count,
      oldest: formatEventTime(oldest),
      newest: formatEventTime(newest),
      deliveredAt: new Date(deliveredAt).toISOString(),
    },
  ]
}

/** What vouches for a trail's log files, checked as it is read. */
export const digestsOperation = (parts: TrailParts): ApiOperation =>
  operation({
    method: 'GET',
    path: '/api/v1/trails/{name}/digests',
    eventName: 'ListDigests',
    brief: "A trail's digests, newest first, each checked as it is read from its bucket",
    details:
      'Of the chains that go on: signature, content and the link that the next digest has to it. A digest that is not there is shown in its place; `opentrail validate-logs` checks ' +
      'everything, log files and ended chains too.',
    parameters: {
      region: regionParameter,
      limit: integer('Digests of one answer at most', { min: 1, max: 50, default: 24 }),
      cursor: cursorParameter,
    },
    subject: nameParameter,
    answer: { json: digestPageSchema },
    errors: ['TrailNotFoundException', 'InvalidNextTokenException'],
    unrecorded: ['cursor'],
    async ask(question) {
      const { parameters, subject, regions } = question
      const trail = findTrail(subject, question, parts)
      const region = readRegion(parameters.region, question)
      const identity = identityOf(question, subject, parameters)
      const covered = ([...regions] as Region[]).filter(
        (each) => isCovered(trail, each) && (!region || each === region),
      )
      const positions =
        parameters.cursor === undefined
          ? await newestDigests(trail, covered, parts)
          : (parts.seals.open(parameters.cursor, identity) as DigestPosition[])
      const { digests, rest } = await digestPage(trail, positions, parameters.limit, parts)
      const cursor = rest.length > 0 ? parts.seals.seal(rest, identity) : undefined
      return { json: { digests, ...(cursor !== undefined && { cursor }) } satisfies ApiDigestPage }
    },
  })

const isCovered = ({ homeRegion, settings: { isMultiRegion } }: Trail, region: Region): boolean =>
  coversRegion({ homeRegion, isMultiRegion }, region)

function readRegion(sent: string | undefined, { regions }: Asker): Region | undefined {
  if (sent !== undefined && !regions.has(sent)) throw invalid(`region ${sent} is not one of this server.`)
  return sent as Region | undefined
}

/** @throws {ApiError} ValidationException, AccessDeniedException (another account's), TrailNotFoundException */
function findTrail(nameOrArn: string, asker: Asker, parts: TrailParts): Trail {
  const reference = readTrailReference(nameOrArn, { account: asker.principal.account, region: asker.region })
  if (!reference.ok) throw invalid(reference.message)
  if (reference.account !== asker.principal.account) readAccounts(reference.account, asker, parts)
  const isArn = nameOrArn.startsWith('arn:')
  const named = parts.trails.ofAccount(reference.account).filter(({ name }) => name === reference.name)
  const trail = named.find(({ homeRegion }) => homeRegion === reference.homeRegion) ?? (isArn ? undefined : named[0])
  if (trail) return trail
  throw apiError(
    'TrailNotFoundException',
    `Unknown trail: ${trailArn(reference)} for the user: ${asker.principal.account}`,
  )
}
