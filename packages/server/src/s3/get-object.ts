import { BucketError, type VersionHead } from '../buckets/index.ts'
import { readRange, type ByteRange } from './byte-range.ts'
import { judgeConditions, rangeApplies } from './conditions.ts'
import {
  attributeResponse,
  checksumResponse,
  encryptionResponse,
  headerText,
  marksResponse,
  refuseCustomerKeys,
} from './object-headers.ts'
import { invalidRequest } from './request-body.ts'
import { placeOf, type S3Answer, type S3Call, type S3Handler } from './s3-call.ts'
import { accessDenied, S3Error, invalidArgument } from './s3-error.ts'

/** The object is read while it is sent. */
export const GetObject: S3Handler = (call) =>
  found(call, async () => {
    checkRequest(call)
    const object = await call.objects.openObject({ ...placeOf(call), user: call.user })
    try {
      const { head } = object
      const selection = select(head, call)
      if (selection.kind === 'not-modified') {
        await object.close()
        return notModified(head)
      }
      const { first, last } = selection.range ?? { first: 0, last: head.size - 1 }
      const range = { from: first, to: last + 1 }
      const content = { size: range.to - range.from, read: () => object.read(range), close: () => object.close() }
      return { ...outcome(head, selection, call), content }
    } catch (error) {
      await object.close()
      throw error
    }
  })

/** What GetObject would answer, without the body. */
export const HeadObject: S3Handler = (call) =>
  found(call, async () => {
    checkRequest(call)
    const head = await call.objects.headObject(placeOf(call))
    const selection = select(head, call)
    if (selection.kind === 'not-modified') return notModified(head)
    const { range } = selection
    return { ...outcome(head, selection, call), contentLength: range ? range.last - range.first + 1 : head.size }
  })

/** What is wrong whatever the object is. */
function checkRequest(call: S3Call): void {
  refuseCustomerKeys(call.header)
  const partNumber = call.parameter('partNumber')
  if (partNumber === undefined) return
  const number = /^\d{1,5}$/.test(partNumber) ? Number(partNumber) : 0
  if (number < 1 || number > 10_000)
    throw invalidArgument('partNumber', partNumber, 'Part number must be an integer between 1 and 10000, inclusive')
  if (call.header('range') !== undefined)
    throw invalidRequest('Cannot specify both Range header and partNumber query parameter')
}

/** Whether a key is there is for those to know who may list the bucket. */
async function found(call: S3Call, answer: () => Promise<S3Answer>): Promise<S3Answer> {
  try {
    return await answer()
  } catch (error) {
    const isAbsent = error instanceof BucketError && error.code === 'NoSuchKey'
    if (isAbsent && !(await call.may('s3:ListBucket', { key: '' }))) throw accessDenied('Access Denied')
    throw error
  }
}

interface Content {
  readonly kind: 'content'
  readonly range?: ByteRange
  readonly partsCount?: number
}
type Selection = { readonly kind: 'not-modified' } | Content

function select(head: VersionHead, call: S3Call): Selection {
  const judged = judgeConditions(head, call.header)
  if (judged === 'failed')
    throw new S3Error('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold')
  if (judged === 'not-modified') return { kind: 'not-modified' }
  const asked = call.header('range')
  const partNumber = call.parameter('partNumber')
  if (partNumber !== undefined) return { kind: 'content', ...selectPart(Number(partNumber), head) }
  const range = rangeApplies(head, call.header('if-range')) ? readRange(asked, head.size) : 'whole'
  if (range === 'whole') return { kind: 'content' }
  if (range === 'unsatisfiable') throw outOfRange(asked ?? '', head.size)
  return { kind: 'content', range }
}

/** As S3: the numbers are those that the parts were sent with; an object that was put is one part. */
function selectPart(number: number, { parts, size }: VersionHead): Omit<Content, 'kind'> {
  const all = parts ?? [{ number: 1, size }]
  const at = all.findIndex((part) => part.number === number)
  const part = all[at]
  if (!part)
    throw new S3Error('InvalidPartNumber', 416, 'The requested partnumber is not satisfiable', {
      details: { PartNumberRequested: String(number), ActualPartCount: String(all.length) },
    })
  const first = all.slice(0, at).reduce((sum, before) => sum + before.size, 0)
  return {
    ...(part.size > 0 && { range: { first, last: first + part.size - 1 } }),
    ...(parts && { partsCount: parts.length }),
  }
}

const outOfRange = (requested: string, size: number): S3Error =>
  new S3Error('InvalidRange', 416, 'The requested range is not satisfiable', {
    details: { RangeRequested: requested, ActualObjectSize: String(size) },
    headers: { 'Content-Range': `bytes */${size}` },
  })

const notModified = (head: VersionHead): S3Answer => ({
  status: 304,
  headers: validators(head),
  contentLength: head.size,
})

const validators = ({ etag, lastModified, versionId }: VersionHead): Record<string, string> => ({
  ETag: `"${etag}"`,
  'Last-Modified': new Date(lastModified).toUTCString(),
  ...(versionId !== undefined && { 'x-amz-version-id': versionId }),
})

function outcome(head: VersionHead, { range, partsCount }: Content, call: S3Call): S3Answer {
  const showsChecksum = call.header('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' && !range
  const headers = {
    ...validators(head),
    'Accept-Ranges': 'bytes',
    ...attributeResponse(head),
    ...encryptionResponse(head.encryption),
    ...marksResponse(head.marks),
    // Of the whole object: a client would check a part of it with it.
    ...(showsChecksum && head.checksum && checksumResponse(head.checksum)),
    ...(partsCount !== undefined && { 'x-amz-mp-parts-count': String(partsCount) }),
    ...overrides(call),
    ...(range && { 'Content-Range': `bytes ${range.first}-${range.last}/${head.size}` }),
  }
  return { status: range ? 206 : 200, headers }
}

const overridable = Object.entries({
  'response-cache-control': 'Cache-Control',
  'response-content-disposition': 'Content-Disposition',
  'response-content-encoding': 'Content-Encoding',
  'response-content-language': 'Content-Language',
  'response-content-type': 'Content-Type',
  'response-expires': 'Expires',
})

/** A signed request may say under which headers it wants the object; the caller has signed them. */
function overrides(call: S3Call): Record<string, string> {
  const asked = overridable.flatMap(([parameter, name]) => {
    const value = call.parameter(parameter)
    return value === undefined ? [] : [[name, headerText(value)] as const]
  })
  if (asked.length > 0 && call.caller.kind === 'anonymous')
    throw invalidRequest('Request specific response headers cannot be used for anonymous GET requests.')
  return Object.fromEntries(asked)
}
