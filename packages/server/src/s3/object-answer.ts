import type { BucketStore, ObjectHead } from '../buckets/index.ts'
import type { Answer } from '../http/index.ts'
import { readRange, type ByteRange } from './byte-range.ts'
import { judgeConditions, rangeApplies } from './conditions.ts'
import { S3Error, invalidArgument } from './s3-error.ts'

export interface ObjectCall {
  readonly bucket: string
  readonly key: string
  readonly parameters: ReadonlyMap<string, string>
  header(name: string): string | undefined
}

/** Memory for objects on their way out, of all requests together. `take` says whether there is room. */
export interface ObjectBudget {
  readonly bytesMax: number
  take(bytes: number): boolean
}

/** GetObject. The object is read whole, and given out in the answer's time: `budget` bounds what that holds. */
export async function answerGet(store: BucketStore, call: ObjectCall, budget: ObjectBudget): Promise<Answer> {
  const head = await store.head(call.bucket, call.key)
  const selection = select(head, call)
  if (selection.kind === 'not-modified') return notModified(head)
  if (head.size > budget.bytesMax)
    throw new S3Error(
      'NotImplemented',
      501,
      `Objects of more than ${budget.bytesMax} bytes cannot be read over HTTP yet.`,
    )
  if (!budget.take(head.size)) throw new S3Error('SlowDown', 503, 'Please reduce your request rate.')
  const object = await store.get(call.bucket, call.key, { bytesMax: head.size })
  // Objects of trails never change; one that did between the two questions is for the client to ask for again.
  if (object.etag !== head.etag) throw new S3Error('SlowDown', 503, 'The object is being replaced. Try again.')
  const { range } = selection
  const body = range ? object.body.subarray(range.first, range.last + 1) : object.body
  return { ...outcome(object, range, call), body }
}

/** HeadObject: what GetObject would answer, without the body. */
export async function answerHead(store: BucketStore, call: ObjectCall): Promise<Answer> {
  const head = await store.head(call.bucket, call.key)
  const selection = select(head, call)
  if (selection.kind === 'not-modified') return notModified(head)
  const { range } = selection
  return { ...outcome(head, range, call), contentLength: range ? range.last - range.first + 1 : head.size }
}

type Selection = { readonly kind: 'not-modified' } | { readonly kind: 'content'; readonly range?: ByteRange }

function select(head: ObjectHead, call: ObjectCall): Selection {
  const version = call.parameters.get('versionId')
  if (version !== undefined && version !== 'null')
    throw invalidArgument('versionId', version, 'Invalid version id specified')
  const judged = judgeConditions(head, call.header)
  if (judged === 'failed')
    throw new S3Error('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold')
  if (judged === 'not-modified') return { kind: 'not-modified' }
  const part = partRange(call.parameters.get('partNumber'), head.size)
  if (part) return { kind: 'content', range: part }
  const range = rangeApplies(head, call.header('if-range')) ? readRange(call.header('range'), head.size) : 'whole'
  if (range === 'whole') return { kind: 'content' }
  if (range === 'unsatisfiable') throw outOfRange(call.header('range') ?? '', head.size)
  return { kind: 'content', range }
}

/** Every object was put in one part, which is what SDKs that download by parts learn from the first. */
function partRange(partNumber: string | undefined, size: number): ByteRange | undefined {
  if (partNumber === undefined) return undefined
  if (partNumber !== '1')
    throw new S3Error('InvalidPartNumber', 416, 'The requested partnumber is not satisfiable', {
      details: { PartNumberRequested: partNumber, ActualPartCount: '1' },
    })
  return size === 0 ? undefined : { first: 0, last: size - 1 }
}

const outOfRange = (requested: string, size: number): S3Error =>
  new S3Error('InvalidRange', 416, 'The requested range is not satisfiable', {
    details: { RangeRequested: requested, ActualObjectSize: String(size) },
    headers: { 'Content-Range': `bytes */${size}` },
  })

const notModified = (head: ObjectHead): Answer => ({
  status: 304,
  headers: validators(head),
  contentLength: head.size,
})

const validators = ({ etag, lastModified }: ObjectHead): Record<string, string> => ({
  ETag: `"${etag}"`,
  'Last-Modified': new Date(lastModified).toUTCString(),
})

function outcome(head: ObjectHead, range: ByteRange | undefined, call: ObjectCall): Answer {
  const headers = {
    ...validators(head),
    'Accept-Ranges': 'bytes',
    'Content-Type': headerText(head.contentType ?? 'binary/octet-stream'),
    ...(head.contentEncoding !== undefined && { 'Content-Encoding': headerText(head.contentEncoding) }),
    ...metadataHeaders(head.metadata ?? {}),
    ...overrides(call.parameters),
    ...(range && { 'Content-Range': `bytes ${range.first}-${range.last}/${head.size}` }),
  }
  return { status: range ? 206 : 200, headers }
}

const metadataHeaders = (metadata: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, headerText(value)]))

/** What no header can carry goes as S3 sends it: an encoded word (RFC 2047). */
const headerText = (text: string): string =>
  /^[\x20-\x7e\t]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text.toWellFormed()).toString('base64')}?=`

const overridable: Readonly<Record<string, string>> = {
  'response-cache-control': 'Cache-Control',
  'response-content-disposition': 'Content-Disposition',
  'response-content-encoding': 'Content-Encoding',
  'response-content-language': 'Content-Language',
  'response-content-type': 'Content-Type',
  'response-expires': 'Expires',
}

/** A signed request may say under which headers it wants the object; the caller has signed them. */
const overrides = (parameters: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(overridable).flatMap(([parameter, name]) => {
      const value = parameters.get(parameter)
      return value === undefined ? [] : [[name, headerText(value)]]
    }),
  )
