import type { ChecksumAlgorithm, CompletedPart, UploadPlace } from '../buckets/index.ts'
import { fromSource, readCopyRange } from './copy-object.ts'
import { refuseOtherConditions } from './delete-objects.ts'
import {
  checkAcl,
  checksumResponse,
  checksumType,
  checkStorageClass,
  encryptionResponse,
  readAttributes,
  readEncryption,
  readMarks,
  readWriteConditions,
  refuseCustomerKeys,
  withoutQuotes,
} from './object-headers.ts'
import { ownersOf } from './owner.ts'
import { authoriseMarks } from './put-object.ts'
import {
  checkedChecksum,
  checksumAlgorithms,
  invalidRequest,
  isChecksum,
  putBytesMax,
  readAlgorithm,
  requiredParameter,
  type HeaderReader,
} from './request-body.ts'
import { settingsOf, type S3Call, type S3Handler } from './s3-call.ts'
import { invalidArgument } from './s3-error.ts'
import { countParameter } from './list-parameters.ts'
import { childrenOf, malformedXml, numberOf, parseXml, rootNamed, textOf, type XmlNode } from './xml-input.ts'
import { element, optional, xmlDocument, type Markup } from './xml.ts'

const xml = { 'Content-Type': 'application/xml' }

export const CreateMultipartUpload: S3Handler = async (call) => {
  const { bucket, key, header, objects, user } = call
  checkAcl(header)
  checkStorageClass(header)
  const marks = readMarks(header)
  await authoriseMarks(call, marks)
  const encryption = readEncryption(header) ?? (await settingsOf(call)).encryption ?? { kind: 'AES256' as const }
  const checksumAlgorithm = readAlgorithm(header('x-amz-checksum-algorithm'))
  const checksumType = readChecksumType(header('x-amz-checksum-type'))
  if (checksumType && !checksumAlgorithm)
    throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.')
  const { uploadId } = await objects.createUpload({
    bucket,
    key,
    ...readAttributes(call.exchange, header),
    ...marks,
    encryption,
    ...(checksumAlgorithm && { checksumAlgorithm }),
    ...(checksumType && { checksumType }),
    user,
  })
  const standardType = checksumAlgorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE'
  const headers = {
    ...xml,
    ...encryptionResponse(encryption),
    ...(checksumAlgorithm && {
      'x-amz-checksum-algorithm': checksumAlgorithm,
      'x-amz-checksum-type': checksumType ?? standardType,
    }),
  }
  const content = [element('Bucket', bucket), element('Key', key), element('UploadId', uploadId)]
  return { status: 200, headers, body: xmlDocument('InitiateMultipartUploadResult', content) }
}

/** @throws {S3Error} InvalidRequest */
function readChecksumType(text: string | undefined): 'COMPOSITE' | 'FULL_OBJECT' | undefined {
  if (text === undefined) return undefined
  const type = text.toUpperCase()
  if (type !== 'COMPOSITE' && type !== 'FULL_OBJECT')
    throw invalidRequest('Value for x-amz-checksum-type header is invalid.')
  return type
}

const uploadOf = ({ bucket, key, request }: S3Call): UploadPlace => ({
  bucket,
  key,
  uploadId: requiredParameter(request.parameters, 'uploadId'),
})

function partOf(call: S3Call) {
  const text = call.parameter('partNumber') ?? ''
  if (!/^\d{1,9}$/.test(text))
    throw invalidArgument('partNumber', text, 'Part number must be an integer between 1 and 10000, inclusive')
  return { ...uploadOf(call), number: Number(text), user: call.user }
}

export const UploadPart: S3Handler = async (call) => {
  refuseCustomerKeys(call.header)
  const { body, objects } = call
  const { etag, checksum } = await objects.putPart(partOf(call), body.stream(putBytesMax), body.expected())
  const headers = { ETag: `"${etag}"`, ...(checksum && checksumOnly(checksumResponse(checksum))) }
  return { status: 200, headers }
}

/** A part has no type of checksum. */
const checksumOnly = ({
  'x-amz-checksum-type': _removed,
  ...headers
}: Record<string, string>): Record<string, string> => headers

export const UploadPartCopy: S3Handler = (call) =>
  fromSource(call, async (_source, { head, read }) => {
    const range = readCopyRange(call.header('x-amz-copy-source-range'), head.size)
    const [from, to] = range ? [range.first, range.last + 1] : [0, head.size]
    const { etag, checksum } = await call.objects.putPart({ ...partOf(call), isCopy: true }, read({ from, to }), {
      size: to - from,
    })
    const content = [
      // A part's time is told by ListParts; here it is only said that it is new.
      element('LastModified', new Date(call.now()).toISOString()),
      element('ETag', `"${etag}"`),
      checksum && element(`Checksum${checksum.algorithm}`, checksum.value),
    ]
    const headers = {
      ...xml,
      ...(head.versionId !== undefined && { 'x-amz-copy-source-version-id': head.versionId }),
    }
    return { status: 200, headers, body: xmlDocument('CopyPartResult', content) }
  })

/** As S3. */
const partNumberMax = 10_000
/** 10,000 parts with a checksum each have some 2 MB. */
const partsBytesMax = 4 * 1_048_576

export const CompleteMultipartUpload: S3Handler = async (call) => {
  const { bucket, key, header, body, objects, exchange } = call
  const upload = uploadOf(call)
  const parts = readParts(parseXml(await body.document(partsBytesMax, { checksumIsOfBody: false })))
  const sent = checksumAlgorithms.flatMap((name) => wholeChecksum(header, name) ?? [])
  const size = header('x-amz-mp-object-size')
  const type = readChecksumType(header('x-amz-checksum-type'))
  if (sent.length > 1)
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
  if (size !== undefined && !/^\d{1,15}$/.test(size))
    throw invalidRequest('Value for x-amz-mp-object-size header is invalid.')
  const stored = await objects.completeUpload(upload, parts, {
    ...readWriteConditions(header),
    ...(sent[0] !== undefined && { checksum: sent[0] }),
    ...(type && { checksumType: type }),
    ...(size !== undefined && { size: Number(size) }),
  })
  const { etag, checksum, versionId, encryption } = stored
  const scheme = exchange.tls ? 'https' : 'http'
  const content = [
    element('Location', `${scheme}://${exchange.header('host') ?? ''}/${bucket}/${encodeURIComponent(key)}`),
    element('Bucket', bucket),
    element('Key', key),
    element('ETag', `"${etag}"`),
    checksum && element(`Checksum${checksum.algorithm}`, checksum.value),
    checksum && element('ChecksumType', checksumType(checksum.value)),
  ]
  const headers = {
    ...xml,
    ...encryptionResponse(encryption),
    ...(versionId !== undefined && { 'x-amz-version-id': versionId }),
  }
  return { status: 200, headers, body: xmlDocument('CompleteMultipartUploadResult', content) }
}

/** With the number of parts where it is made of theirs. @throws {S3Error} InvalidRequest */
function wholeChecksum(header: HeaderReader, algorithm: ChecksumAlgorithm): string | undefined {
  const name = `x-amz-checksum-${algorithm.toLowerCase()}`
  const value = header(name)
  if (value !== undefined) checkedChecksum(name, algorithm, value.replace(/-\d{1,5}$/, ''))
  return value
}

const checksumNames = checksumAlgorithms.map((name) => `Checksum${name}` as const)

/** @throws {S3Error} InvalidArgument */
function readPartChecksum(
  children: Readonly<Record<(typeof checksumNames)[number], readonly XmlNode[]>>,
): string | undefined {
  const sent = checksumAlgorithms.flatMap((algorithm) => {
    const value = textOf(children[`Checksum${algorithm}`])
    return value === undefined ? [] : [{ algorithm, value }]
  })
  const [first] = sent
  if (first && (sent.length > 1 || !isChecksum(first.algorithm, first.value)))
    throw invalidArgument(
      'MultipartUpload.Parts.Checksum',
      sent.map(({ algorithm, value }) => `${algorithm}:${value}`).join(';'),
      'Invalid Base64 or multiple checksums present in request',
    )
  return first?.value
}

function readParts(node: XmlNode): CompletedPart[] {
  const { Part } = childrenOf(rootNamed(node, 'CompleteMultipartUpload'), ['Part'])
  return Part.map((part) => {
    const children = childrenOf(part, ['PartNumber', 'ETag', ...checksumNames])
    const [number, etag] = [numberOf(children.PartNumber), textOf(children.ETag)]
    const checksum = readPartChecksum(children)
    if (number === undefined || etag === undefined) throw malformedXml()
    if (number < 1 || number > partNumberMax)
      throw invalidArgument(
        'PartNumber',
        String(number),
        `PartNumber must be an integer between 1 and ${partNumberMax}`,
      )
    return { number, etag: withoutQuotes(etag), ...(checksum !== undefined && { checksum }) }
  })
}

export const AbortMultipartUpload: S3Handler = async (call) => {
  const upload = uploadOf(call)
  refuseOtherConditions(call.header, ['x-amz-if-match-initiated-time'])
  await call.recordFirst()
  await call.objects.abortUpload(upload)
  return { status: 204 }
}

/** As S3. */
const partsPageMax = 1_000

export const ListParts: S3Handler = async (call) => {
  const upload = uploadOf(call)
  const limit = countParameter(call, 'max-parts', partsPageMax)
  const after = countParameter(call, 'part-number-marker', 2_147_483_647, 0)
  const page = await call.objects.listParts(upload, { after: Math.min(after, 0xffff), limit: Math.max(1, limit) })
  const parts = limit === 0 ? [] : page.parts
  const last = parts.at(-1)
  const content: (Markup | undefined)[] = [
    element('Bucket', call.bucket),
    element('Key', call.key),
    element('UploadId', upload.uploadId),
    ...ownersOf(call),
    element('StorageClass', 'STANDARD'),
    element('PartNumberMarker', after),
    optional('NextPartNumberMarker', last && page.isTruncated ? String(last.number) : undefined),
    element('MaxParts', limit),
    element('IsTruncated', limit > 0 && page.isTruncated),
    optional('ChecksumAlgorithm', page.checksumAlgorithm),
    optional('ChecksumType', page.checksumType),
    ...parts.map(({ number, size, lastModified, etag, checksum }) =>
      element('Part', [
        element('PartNumber', number),
        element('LastModified', new Date(lastModified).toISOString()),
        element('ETag', `"${etag}"`),
        element('Size', size),
        checksum && element(`Checksum${checksum.algorithm}`, checksum.value),
      ]),
    ),
  ]
  return { status: 200, headers: xml, body: xmlDocument('ListPartsResult', content) }
}
