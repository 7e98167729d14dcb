import type { VersionHead, VersionMarks } from '../buckets/index.ts'
import {
  aclsNotSupported,
  checkAcl,
  checksumType,
  checkTag,
  lockDate,
  refuseCustomerKeys,
  tagsMax,
  tooManyTags,
} from './object-headers.ts'
import { bypass } from './delete-objects.ts'
import { aclDocument } from './owner.ts'
import { invalidRequest } from './request-body.ts'
import { placeOf, type S3Call, type S3Handler } from './s3-call.ts'
import { invalidArgument, S3Error } from './s3-error.ts'
import { childrenOf, atMostOne, malformedXml, parseXml, rootNamed, textOf, wordOf, type XmlNode } from './xml-input.ts'
import { element, xmlDocument, type Markup } from './xml.ts'

/** Tags, a date, a word: nothing here is larger. */
const documentBytesMax = 64 * 1_024
const xml = { 'Content-Type': 'application/xml' }

const documentOf = async (call: S3Call): Promise<XmlNode> => parseXml(await call.body.document(documentBytesMax))
const versionHeader = ({ versionId }: VersionHead): Record<string, string> =>
  versionId === undefined ? {} : { 'x-amz-version-id': versionId }

export const GetObjectTagging: S3Handler = async (call) => {
  const head = await call.objects.headObject(placeOf(call))
  return { status: 200, headers: { ...xml, ...versionHeader(head) }, body: taggingDocument(head.marks.tags ?? {}) }
}

export const taggingDocument = (tags: Readonly<Record<string, string>>): string =>
  xmlDocument('Tagging', [
    element(
      'TagSet',
      Object.entries(tags).map(([name, value]) => element('Tag', [element('Key', name), element('Value', value)])),
    ),
  ])

/** @throws {S3Error} MalformedXML, InvalidTag */
export function readTagging(node: XmlNode): Record<string, string> {
  const set = atMostOne(childrenOf(rootNamed(node, 'Tagging'), ['TagSet']).TagSet)
  if (!set) throw malformedXml()
  return readTagSet(set)
}

/** @throws {S3Error} MalformedXML, InvalidTag */
export function readTagSet(set: XmlNode): Record<string, string> {
  const tags = new Map<string, string>()
  for (const tag of childrenOf(set, ['Tag']).Tag) {
    const { Key, Value } = childrenOf(tag, ['Key', 'Value'])
    const [name, value] = [textOf(Key), textOf(Value)]
    if (name === undefined || value === undefined) throw malformedXml()
    checkTag(name, value)
    if (tags.has(name)) throw new S3Error('InvalidTag', 400, 'Cannot provide multiple Tags with the same key')
    tags.set(name, value)
  }
  return Object.fromEntries(tags)
}

export const PutObjectTagging: S3Handler = async (call) => {
  const tags = readTagging(await documentOf(call))
  if (Object.keys(tags).length > tagsMax) throw tooManyTags()
  return { status: 200, headers: await changeMarks(call, (marks) => ({ ...marks, tags })) }
}

export const DeleteObjectTagging: S3Handler = async (call) => {
  const headers = await changeMarks(call, ({ tags: _removed, ...marks }) => marks)
  return { status: 204, headers }
}

/** Recorded before it is made. @returns the headers that say which version it is. */
async function changeMarks(
  call: S3Call,
  change: (marks: VersionMarks) => VersionMarks,
  bypassesGovernance = false,
): Promise<Record<string, string>> {
  await call.recordFirst()
  let headers = {}
  await call.objects.changeVersion({ ...placeOf(call), bypassesGovernance }, (marks, head) => {
    headers = versionHeader(head)
    return change(marks)
  })
  return headers
}

const noLockConfiguration = (): S3Error =>
  new S3Error('NoSuchObjectLockConfiguration', 404, 'The specified object does not have a ObjectLock configuration')

async function lockedMarks(call: S3Call): Promise<VersionMarks> {
  const marks = await call.objects.marks(placeOf(call))
  const { objectLock } = await call.objects.settings(call.bucket)
  if (!objectLock) throw invalidRequest('Bucket is missing Object Lock Configuration')
  return marks
}

export const GetObjectRetention: S3Handler = async (call) => {
  const { retention } = await lockedMarks(call)
  if (!retention) throw noLockConfiguration()
  const content = [element('Mode', retention.mode), element('RetainUntilDate', new Date(retention.until).toISOString())]
  return { status: 200, headers: xml, body: xmlDocument('Retention', content) }
}

export const PutObjectRetention: S3Handler = async (call) => {
  const { Mode, RetainUntilDate } = childrenOf(rootNamed(await documentOf(call), 'Retention'), [
    'Mode',
    'RetainUntilDate',
  ])
  const [mode, until] = [wordOf(Mode, ['GOVERNANCE', 'COMPLIANCE']), textOf(RetainUntilDate)]
  // Without both it takes the retention away, which GOVERNANCE lets happen to those who may bypass it.
  if ((mode === undefined) !== (until === undefined)) throw malformedXml()
  const retention = mode === undefined || until === undefined ? undefined : { mode, until: lockDate(until) }
  const bypassesGovernance = await bypass(call)
  const headers = await changeMarks(
    call,
    ({ retention: _removed, ...marks }) => ({ ...marks, ...(retention && { retention }) }),
    bypassesGovernance,
  )
  return { status: 200, headers }
}

export const GetObjectLegalHold: S3Handler = async (call) => {
  const { isLegallyHeld } = await lockedMarks(call)
  if (isLegallyHeld === undefined) throw noLockConfiguration()
  const content = [element('Status', isLegallyHeld ? 'ON' : 'OFF')]
  return { status: 200, headers: xml, body: xmlDocument('LegalHold', content) }
}

export const PutObjectLegalHold: S3Handler = async (call) => {
  const { Status } = childrenOf(rootNamed(await documentOf(call), 'LegalHold'), ['Status'])
  const status = wordOf(Status, ['ON', 'OFF'])
  if (!status) throw malformedXml()
  await lockedMarks(call)
  return { status: 200, headers: await changeMarks(call, (marks) => ({ ...marks, isLegallyHeld: status === 'ON' })) }
}

export const GetObjectAcl: S3Handler = async (call) => {
  const head = await call.objects.headObject(placeOf(call))
  return { status: 200, headers: { ...xml, ...versionHeader(head) }, body: aclDocument(call.owner) }
}

/** There is only the one that all have. */
export const PutObjectAcl: S3Handler = async (call) => {
  checkAcl(call.header)
  if (call.header('x-amz-acl') === undefined) throw aclsNotSupported()
  await call.objects.headObject(placeOf(call))
  return { status: 200 }
}

const attributeNames = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const
/** As S3. */
const partsPageMax = 1_000

export const GetObjectAttributes: S3Handler = async (call) => {
  refuseCustomerKeys(call.header)
  const sent = call.header('x-amz-object-attributes') ?? ''
  if (sent.trim() === '')
    throw invalidRequest(
      'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
    )
  const asked = sent.split(',').map((name) => name.trim())
  const unknown = asked.find((name) => !(attributeNames as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw invalidArgument('x-amz-object-attributes', unknown, 'Invalid attribute name specified.')
  const head = await call.objects.headObject(placeOf(call))
  const wants = (name: (typeof attributeNames)[number]): boolean => asked.includes(name)
  const { checksum, parts } = head
  const content = [
    wants('ETag') ? element('ETag', head.etag) : undefined,
    wants('Checksum') && checksum
      ? element('Checksum', [
          element(`Checksum${checksum.algorithm}`, checksum.value),
          element('ChecksumType', checksumType(checksum.value)),
        ])
      : undefined,
    wants('ObjectParts') && parts ? partsElement(call, parts) : undefined,
    wants('StorageClass') ? element('StorageClass', 'STANDARD') : undefined,
    wants('ObjectSize') ? element('ObjectSize', head.size) : undefined,
  ]
  const headers = { ...xml, ...versionHeader(head), 'Last-Modified': new Date(head.lastModified).toUTCString() }
  return { status: 200, headers, body: xmlDocument('GetObjectAttributesResponse', content) }
}

function partsElement(call: S3Call, parts: NonNullable<VersionHead['parts']>): Markup {
  const number = (name: string, standard: number): number => {
    const text = call.header(name)
    if (text === undefined) return standard
    if (!/^\d{1,9}$/.test(text)) throw invalidArgument(name, text, `Value for ${name} is invalid`)
    return Number(text)
  }
  const after = number('x-amz-part-number-marker', 0)
  const limit = Math.min(number('x-amz-max-parts', partsPageMax), partsPageMax)
  const following = parts.filter((part) => part.number > after)
  const page = following.slice(0, limit)
  return element('ObjectParts', [
    element('PartsCount', parts.length),
    element('PartNumberMarker', after),
    element('NextPartNumberMarker', page.at(-1)?.number ?? 0),
    element('MaxParts', limit),
    element('IsTruncated', following.length > page.length),
    ...page.map((part) => element('Part', [element('PartNumber', part.number), element('Size', part.size)])),
  ])
}
