import { formatGrowthProof, formatProof, proofExtraBytesMax } from '@opentrail/core/checkpoint'
import { streamId, type Region, type StoredEntry, type StreamId } from '@opentrail/core/event'
import type { ApiQuery } from '../api/index.ts'
import { ApiError } from '../api-error/index.ts'
import type { CheckpointSigner } from './checkpoint-signer.ts'
import type { Checkpoints } from './checkpoints.ts'
import { findEvent, type EventPlaces } from './find-event.ts'

export interface QueryParts extends EventPlaces {
  readonly checkpoints: Checkpoints
  readonly signer: CheckpointSigner
}

/** `region` is where the call was signed for. */
type Query = Pick<ApiQuery, 'principal' | 'region' | 'regions' | 'parameters'>

/** Answers one question in text. */
export type Ask = (query: Query, parts: QueryParts) => Promise<string>

/** Event ids are bounded at admission; this is only against nonsense. */
const eventIdCharsMax = 1_024

/** `GET /api/v1/checkpoint?region=R&size=N`: the signed note. */
export const askCheckpoint: Ask = async (query, { checkpoints, journal }) => {
  const stream = streamOf(query)
  const { note } = await checkpoints.checkpoint(stream, sizeOf(query, 'size', journal.durable(stream)))
  return note
}

/** `GET /api/v1/checkpoint/key?region=R`: the verifier key. */
export const askKey: Ask = async (query, { signer }) => `${signer.verifierKey(streamOf(query))}\n`

/** `GET /api/v1/consistency?region=R&from=N&to=M`: the hashes, and the checkpoint of the later size. */
export const askConsistency: Ask = async (query, { checkpoints, journal }) => {
  const stream = streamOf(query)
  const newest = journal.durable(stream)
  const to = sizeOf(query, 'to', newest) ?? newest
  const from = sizeOf(query, 'from', to)
  if (from === undefined) throw invalid('from is missing: the size of the older checkpoint.')
  const { note } = await checkpoints.checkpoint(stream, to)
  return formatGrowthProof({ oldSize: from, proof: await checkpoints.consistency(stream, from, to), checkpoint: note })
}

/** `GET /api/v1/proof?eventId=ID&region=R&size=N&record=false`: the proof that the event is in the log. */
export const askProof: Ask = async (query, parts) => {
  const { checkpoints, journal } = parts
  const stream = streamOf(query)
  const eventId = query.parameters.get('eventId') ?? ''
  if (eventId === '' || eventId.length > eventIdCharsMax) throw invalid('eventId is missing or too long.')
  const withRecord = query.parameters.get('record') ?? 'true'
  if (withRecord !== 'true' && withRecord !== 'false') throw invalid('record is true or false.')
  const wanted = sizeOf(query, 'size', journal.durable(stream))
  const entry = await findEvent(parts, stream, eventId)
  if (!entry)
    throw new ApiError(
      'EventNotFoundException',
      `There is no event ${eventId} in ${streamName(query)}, or it is older than what is kept.`,
      { status: 404 },
    )
  if (wanted !== undefined && wanted < entry.sequence)
    throw new ApiError('EventNotFoundException', `The log of ${wanted} entries ends before the event.`, { status: 404 })
  const { size, note } = await checkpoints.checkpoint(stream, wanted)
  const proof = await checkpoints.inclusion(stream, entry.sequence, size)
  const extra = withRecord === 'true' ? extraOf(entry) : undefined
  return formatProof({ index: entry.sequence - 1, proof, checkpoint: note, ...(extra && { extra }) })
}

/** Imported records may be larger than what a proof can carry. */
const extraOf = ({ record }: StoredEntry): Uint8Array | undefined =>
  record.length > 0 && record.length <= proofExtraBytesMax ? record : undefined

function streamOf(query: Query): StreamId {
  const region = query.parameters.get('region') ?? query.region
  if (!query.regions.has(region)) throw invalid(`region "${region.slice(0, 64)}" is not one of this server.`)
  return streamId(query.principal.account, region as Region)
}

const streamName = (query: Query): string => query.parameters.get('region') ?? query.region

/** A number of entries from 0 to `most`; undefined where it is not given. */
function sizeOf({ parameters }: Query, name: string, most: number): number | undefined {
  const text = parameters.get(name)
  if (text === null) return undefined
  const size = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Infinity
  if (size > most) throw invalid(`${name} is a whole number from 0 to ${most}, the entries that there are.`)
  return size
}

const invalid = (message: string): ApiError => new ApiError('ValidationException', message)
