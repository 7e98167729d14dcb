import { withoutQuotes } from './object-headers.ts'
import { invalidRequest, type HeaderReader } from './request-body.ts'
import { placeOf, type ObjectPlace, type S3Call, type S3Handler } from './s3-call.ts'
import { asS3Error, S3Error } from './s3-error.ts'
import { childrenOf, malformedXml, parseXml, rootNamed, textOf, wordOf, type XmlNode } from './xml-input.ts'
import { element, optional, xmlDocument, type Markup } from './xml.ts'

export const DeleteObject: S3Handler = async (call) => {
  const { objects, header, user } = call
  refuseOtherConditions(header, ['x-amz-if-match-last-modified-time', 'x-amz-if-match-size'])
  const bypassesGovernance = await bypass(call)
  const ifMatch = header('if-match')
  await call.recordFirst()
  const { versionId, isDeleteMarker } = await objects.deleteObject({
    ...placeOf(call),
    user,
    bypassesGovernance,
    ...(ifMatch !== undefined && { onlyIfEtag: withoutQuotes(ifMatch) }),
  })
  const headers = {
    ...(versionId !== undefined && { 'x-amz-version-id': versionId }),
    ...(isDeleteMarker && { 'x-amz-delete-marker': 'true' }),
  }
  return { status: 204, headers }
}

/** To delete without having looked would be to ignore what the caller made it depend on. @throws {S3Error} NotImplemented */
export function refuseOtherConditions(header: HeaderReader, names: readonly string[]): void {
  const sent = names.find((name) => header(name) !== undefined)
  if (sent !== undefined)
    throw new S3Error('NotImplemented', 501, `The condition ${sent} is one of directory buckets, which are not built.`)
}

/** Whether the caller wants to pass over retention in GOVERNANCE mode, and may. @throws {S3Error} AccessDenied */
export async function bypass(call: S3Call): Promise<boolean> {
  if (call.header('x-amz-bypass-governance-retention')?.toLowerCase() !== 'true') return false
  if (call.key !== '') await call.authorise('s3:BypassGovernanceRetention')
  return true
}

/** As S3. */
const objectsMax = 1_000
/** As S3: 1,000 keys of 1,024 bytes with what is around them. */
const documentBytesMax = 2 * 1_048_576
/** Deletions at a time; the index commits together what comes together. */
const atOnce = 16

interface Target extends ObjectPlace {
  readonly etag?: string
}

export const DeleteObjects: S3Handler = async (call) => {
  const { md5, checksum } = call.body.expected()
  if (!md5 && !checksum) throw invalidRequest('Missing required header for this request: Content-MD5')
  const { targets, isQuiet } = readTargets(parseXml(await call.body.document(documentBytesMax)), call.bucket)
  const bypassesGovernance = await bypass(call)
  await call.recordFirst()
  const results: (Markup | undefined)[] = []
  for (let at = 0; at < targets.length; at += atOnce) {
    const batch = targets.slice(at, at + atOnce)
    results.push(
      ...(await Promise.all(batch.map((target) => deleteOne(call, target, { bypassesGovernance, isQuiet })))),
    )
  }
  return { status: 200, headers: { 'Content-Type': 'application/xml' }, body: xmlDocument('DeleteResult', results) }
}

function readTargets(node: XmlNode, bucket: string): { targets: Target[]; isQuiet: boolean } {
  const { Object: objects, Quiet } = childrenOf(rootNamed(node, 'Delete'), ['Object', 'Quiet'])
  if (objects.length === 0 || objects.length > objectsMax) throw malformedXml()
  const targets = objects.map((object): Target => {
    const { Key, VersionId, ETag, LastModifiedTime, Size } = childrenOf(object, [
      'Key',
      'VersionId',
      'ETag',
      'LastModifiedTime',
      'Size',
    ])
    const [key, versionId, etag] = [textOf(Key), textOf(VersionId), textOf(ETag)]
    if (key === undefined) throw malformedXml()
    if (LastModifiedTime.length > 0 || Size.length > 0)
      throw new S3Error(
        'NotImplemented',
        501,
        'Conditions on LastModifiedTime and Size are those of directory buckets.',
      )
    return {
      bucket,
      key,
      ...(versionId !== undefined && versionId !== '' && { versionId }),
      ...(etag !== undefined && { etag: withoutQuotes(etag) }),
    }
  })
  return { targets, isQuiet: wordOf(Quiet, ['true', 'false', 'TRUE', 'FALSE'])?.toLowerCase() === 'true' }
}

async function deleteOne(
  call: S3Call,
  target: Target,
  { bypassesGovernance, isQuiet }: { readonly bypassesGovernance: boolean; readonly isQuiet: boolean },
): Promise<Markup | undefined> {
  const { key, versionId, etag } = target
  const named = [element('Key', key), optional('VersionId', versionId)]
  try {
    await call.authorise(deletion(versionId), target)
    if (bypassesGovernance) await call.authorise('s3:BypassGovernanceRetention', target)
    const { user } = call
    const gone = await call.objects.deleteObject({
      ...target,
      user,
      bypassesGovernance,
      ...(etag !== undefined && { onlyIfEtag: etag }),
    })
    if (isQuiet) return undefined
    const marker = gone.isDeleteMarker
      ? [element('DeleteMarker', true), optional('DeleteMarkerVersionId', gone.versionId)]
      : []
    return element('Deleted', [...named, ...marker])
  } catch (error) {
    const known = asS3Error(error, target)
    if (!known) throw error
    return element('Error', [...named, element('Code', known.code), element('Message', known.message)])
  }
}

const deletion = (versionId: string | undefined): string =>
  versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion'
