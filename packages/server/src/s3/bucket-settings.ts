import type { BucketSettings, Encryption } from '../buckets/index.ts'
import {
  deletedDocument,
  isDeleted,
  publicAccessBlockMarkup,
  publicAccessBlockOf,
  readPublicAccessBlock,
} from './bucket-access.ts'
import { aclsNotSupported, checkAcl } from './object-headers.ts'
import { readTagging, taggingDocument } from './object-settings.ts'
import { aclDocument } from './owner.ts'
import { settingsOf, type S3Answer, type S3Call, type S3Handler } from './s3-call.ts'
import { invalidArgument, S3Error } from './s3-error.ts'
import {
  asRecorded,
  atMostOne,
  childrenOf,
  malformedXml,
  numberOf,
  parseXml,
  rootNamed,
  textOf,
  wordOf,
  type XmlNode,
} from './xml-input.ts'
import { element, plainDocument, xmlDocument, type Markup } from './xml.ts'

/** A hundred tags of the largest kind have 40 KB. */
const documentBytesMax = 256 * 1_024

export const xmlAnswer = (body: string): S3Answer => ({
  status: 200,
  headers: { 'Content-Type': 'application/xml' },
  body,
})

/** The request's document, which goes into the call's record. @throws {S3Error} */
export async function configurationOf(call: S3Call, root: string, bytesMax = documentBytesMax): Promise<XmlNode> {
  const node = rootNamed(parseXml(await call.body.document(bytesMax)), root)
  call.note({ [root]: asRecorded(node) })
  return node
}

/** Recorded before it is made. */
export async function change(call: S3Call, make: (settings: BucketSettings) => BucketSettings): Promise<void> {
  await call.recordFirst()
  await call.objects.changeSettings(call.bucket, make)
}

export const GetBucketVersioning: S3Handler = async (call) => {
  const { versioning } = await settingsOf(call)
  return xmlAnswer(xmlDocument('VersioningConfiguration', versioning ? [element('Status', versioning)] : []))
}

export const PutBucketVersioning: S3Handler = async (call) => {
  const node = await configurationOf(call, 'VersioningConfiguration')
  const { Status, MfaDelete } = childrenOf(node, ['Status', 'MfaDelete'])
  const status = wordOf(Status, ['Enabled', 'Suspended'])
  if (wordOf(MfaDelete, ['Enabled', 'Disabled']) === 'Enabled')
    throw new S3Error('NotImplemented', 501, 'MFA delete is not built in this version of OpenTrail.')
  if (!status)
    throw new S3Error('IllegalVersioningConfigurationException', 400, 'The Versioning element must be specified')
  const { objectLock } = await settingsOf(call)
  if (objectLock && status === 'Suspended')
    throw new S3Error(
      'InvalidBucketState',
      409,
      'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    )
  await change(call, (settings) => ({ ...settings, versioning: status }))
  return { status: 200 }
}

export const GetBucketEncryption: S3Handler = async (call) => {
  const { encryption = { kind: 'AES256' } } = await settingsOf(call)
  const keyId = encryption.kind === 'aws:kms' ? encryption.keyId : undefined
  const rule = element('Rule', [
    element('ApplyServerSideEncryptionByDefault', [
      element('SSEAlgorithm', encryption.kind),
      keyId === undefined ? undefined : element('KMSMasterKeyID', keyId),
    ]),
    element('BucketKeyEnabled', encryption.kind === 'aws:kms' && encryption.bucketKey === true),
  ])
  return xmlAnswer(xmlDocument('ServerSideEncryptionConfiguration', [rule]))
}

export const PutBucketEncryption: S3Handler = async (call) => {
  const encryption = readEncryption(await configurationOf(call, 'ServerSideEncryptionConfiguration'))
  await change(call, (settings) => ({ ...settings, encryption }))
  return { status: 200 }
}

function readEncryption(node: XmlNode): Encryption {
  const rule = atMostOne(childrenOf(node, ['Rule']).Rule)
  if (!rule) throw malformedXml()
  const parts = childrenOf(rule, ['ApplyServerSideEncryptionByDefault', 'BucketKeyEnabled', 'BlockedEncryptionTypes'])
  const byDefault = atMostOne(parts.ApplyServerSideEncryptionByDefault)
  if (!byDefault) throw malformedXml()
  const { SSEAlgorithm, KMSMasterKeyID } = childrenOf(byDefault, ['SSEAlgorithm', 'KMSMasterKeyID'])
  const algorithm = wordOf(SSEAlgorithm, ['AES256', 'aws:kms', 'aws:kms:dsse'])
  const keyId = textOf(KMSMasterKeyID)
  if (algorithm === 'aws:kms:dsse')
    throw new S3Error(
      'NotImplemented',
      501,
      'Dual-layer encryption (aws:kms:dsse) is not built in this version of OpenTrail.',
    )
  if (algorithm === 'aws:kms') {
    const bucketKey = wordOf(parts.BucketKeyEnabled, ['true', 'false']) === 'true'
    return { kind: 'aws:kms', ...(keyId !== undefined && keyId !== '' && { keyId }), ...(bucketKey && { bucketKey }) }
  }
  if (!algorithm) throw malformedXml()
  if (keyId !== undefined)
    throw invalidArgument(
      'KMSMasterKeyID',
      keyId,
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
    )
  return { kind: 'AES256' }
}

/** Back to SSE-S3: nothing is ever stored unencrypted. */
export const DeleteBucketEncryption: S3Handler = async (call) => {
  await change(call, ({ encryption: _removed, ...settings }) => settings)
  return { status: 204 }
}

export const GetBucketTagging: S3Handler = async (call) => {
  const { tags } = await settingsOf(call)
  if (!tags)
    throw new S3Error('NoSuchTagSet', 404, 'The TagSet does not exist', { details: { BucketName: call.bucket } })
  return xmlAnswer(taggingDocument(tags))
}

/** As S3. */
const bucketTagsMax = 50

/** @throws {S3Error} BadRequest, InvalidTag */
export function checkedBucketTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (Object.keys(tags).length > bucketTagsMax)
    throw new S3Error('BadRequest', 400, `Bucket tag count cannot be greater than ${bucketTagsMax}`)
  if (Object.keys(tags).some((name) => name.toLowerCase().startsWith('aws:')))
    throw new S3Error('InvalidTag', 400, 'System tags cannot be added/updated by requester')
  return tags
}

export const PutBucketTagging: S3Handler = async (call) => {
  const tags = checkedBucketTags(readTagging(await configurationOf(call, 'Tagging')))
  await change(call, (settings) => ({ ...settings, tags }))
  return { status: 204 }
}

export const DeleteBucketTagging: S3Handler = async (call) => {
  await change(call, ({ tags: _removed, ...settings }) => settings)
  return { status: 204 }
}

export const GetBucketAcl: S3Handler = async (call) => {
  await settingsOf(call)
  return xmlAnswer(aclDocument(call.owner))
}

/** There is only the one that all have. */
export const PutBucketAcl: S3Handler = async (call) => {
  checkAcl(call.header)
  if (call.header('x-amz-acl') === undefined) throw aclsNotSupported()
  await settingsOf(call)
  return { status: 200 }
}

export const GetBucketPublicAccessBlock: S3Handler = async (call) => {
  const settings = await settingsOf(call)
  if (isDeleted(settings.documents.publicAccessBlock))
    throw new S3Error(
      'NoSuchPublicAccessBlockConfiguration',
      404,
      'The public access block configuration was not found',
      {
        details: { BucketName: call.bucket },
      },
    )
  const content = publicAccessBlockMarkup(publicAccessBlockOf(settings))
  return xmlAnswer(xmlDocument('PublicAccessBlockConfiguration', content))
}

export const PutBucketPublicAccessBlock: S3Handler = async (call) => {
  const block = readPublicAccessBlock(await configurationOf(call, 'PublicAccessBlockConfiguration'))
  const document = plainDocument(element('PublicAccessBlockConfiguration', publicAccessBlockMarkup(block)))
  await change(call, withDocument('publicAccessBlock', document))
  return { status: 200 }
}

export const DeleteBucketPublicAccessBlock: S3Handler = async (call) => {
  await change(call, withDocument('publicAccessBlock', deletedDocument('PublicAccessBlockConfiguration')))
  return { status: 204 }
}

export const withDocument =
  (name: 'publicAccessBlock' | 'ownershipControls' | 'lifecycle', text: string) =>
  ({ documents, ...rest }: BucketSettings): BucketSettings => ({ ...rest, documents: { ...documents, [name]: text } })

const enforced = 'BucketOwnerEnforced'

/** Owners of objects are only what they are in S3's new buckets: the bucket's. @throws {S3Error} */
export function readOwnership(text: string): void {
  if (text === enforced) return
  if (text === 'BucketOwnerPreferred' || text === 'ObjectWriter')
    throw new S3Error('NotImplemented', 501, `ACLs are not built, so ownership is always ${enforced}, not ${text}.`)
  throw invalidArgument('x-amz-object-ownership', text, `Invalid x-amz-object-ownership header: ${text}`)
}

export const GetBucketOwnershipControls: S3Handler = async (call) => {
  const { documents } = await settingsOf(call)
  if (isDeleted(documents.ownershipControls))
    throw new S3Error('OwnershipControlsNotFoundError', 404, 'The bucket ownership controls were not found', {
      details: { BucketName: call.bucket },
    })
  const rule: Markup = element('Rule', [element('ObjectOwnership', enforced)])
  return xmlAnswer(xmlDocument('OwnershipControls', [rule]))
}

export const PutBucketOwnershipControls: S3Handler = async (call) => {
  const rule = atMostOne(childrenOf(await configurationOf(call, 'OwnershipControls'), ['Rule']).Rule)
  const ownership = rule && textOf(childrenOf(rule, ['ObjectOwnership']).ObjectOwnership)
  if (ownership === undefined) throw malformedXml()
  if (![enforced, 'BucketOwnerPreferred', 'ObjectWriter'].includes(ownership)) throw malformedXml()
  readOwnership(ownership)
  await change(call, ({ documents: { ownershipControls: _removed, ...documents }, ...rest }) => ({
    ...rest,
    documents,
  }))
  return { status: 200 }
}

export const DeleteBucketOwnershipControls: S3Handler = async (call) => {
  await change(call, withDocument('ownershipControls', deletedDocument('OwnershipControls')))
  return { status: 204 }
}

export const GetBucketObjectLockConfiguration: S3Handler = async (call) => {
  const { objectLock } = await settingsOf(call)
  if (!objectLock)
    throw new S3Error(
      'ObjectLockConfigurationNotFoundError',
      404,
      'Object Lock configuration does not exist for this bucket',
      {
        details: { BucketName: call.bucket },
      },
    )
  const { defaultRetention } = objectLock
  const content = [
    element('ObjectLockEnabled', 'Enabled'),
    defaultRetention &&
      element('Rule', [
        element('DefaultRetention', [element('Mode', defaultRetention.mode), element('Days', defaultRetention.days)]),
      ]),
  ]
  return xmlAnswer(xmlDocument('ObjectLockConfiguration', content))
}

/** As S3: a hundred years. */
const retentionDaysMax = 36_500
const retentionYearsMax = 100
const daysOfYear = 365

export const PutBucketObjectLockConfiguration: S3Handler = async (call) => {
  const node = await configurationOf(call, 'ObjectLockConfiguration')
  const { ObjectLockEnabled, Rule } = childrenOf(node, ['ObjectLockEnabled', 'Rule'])
  if (wordOf(ObjectLockEnabled, ['Enabled']) === undefined) throw malformedXml()
  const rule = atMostOne(Rule)
  const defaultRetention = rule && readDefaultRetention(rule)
  const { versioning } = await settingsOf(call)
  if (versioning !== 'Enabled')
    throw new S3Error(
      'InvalidBucketState',
      409,
      "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    )
  await change(call, (settings) => ({ ...settings, objectLock: defaultRetention ? { defaultRetention } : {} }))
  return { status: 200 }
}

function readDefaultRetention(rule: XmlNode) {
  const retention = atMostOne(childrenOf(rule, ['DefaultRetention']).DefaultRetention)
  if (!retention) throw malformedXml()
  const { Mode, Days, Years } = childrenOf(retention, ['Mode', 'Days', 'Years'])
  const [mode, days, years] = [wordOf(Mode, ['GOVERNANCE', 'COMPLIANCE']), numberOf(Days), numberOf(Years)]
  if (!mode || (days === undefined) === (years === undefined)) throw malformedXml()
  if ((days ?? years ?? 0) < 1)
    throw invalidArgument(
      'DefaultRetention',
      String(days ?? years),
      'Default retention period must be a positive integer value.',
    )
  if ((days ?? 0) > retentionDaysMax || (years ?? 0) > retentionYearsMax)
    throw invalidArgument('DefaultRetention', String(days ?? years), 'Default retention period too large')
  return { mode, days: days ?? (years ?? 0) * daysOfYear }
}
