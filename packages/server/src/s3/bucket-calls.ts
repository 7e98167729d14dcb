import type { BucketDescription } from '../buckets/index.ts'
import { checkedBucketTags, readOwnership } from './bucket-settings.ts'
import { readTagSet } from './object-settings.ts'
import { checkAcl } from './object-headers.ts'
import { ownerElement } from './owner.ts'
import { settingsOf, type S3Call, type S3Handler } from './s3-call.ts'
import { accessDenied, invalidArgument, S3Error } from './s3-error.ts'
import { asRecorded, atMostOne, childrenOf, parseXml, rootNamed, textOf } from './xml-input.ts'
import { element, optional, xmlDocument } from './xml.ts'

const xml = { 'Content-Type': 'application/xml' }
/** S3's page size; accounts there have so many buckets at most. */
const bucketsMax = 10_000

/** Those of the caller's own account, by name. */
export const ListBuckets: S3Handler = async ({ administration, caller, parameter }) => {
  if (caller.kind === 'anonymous') throw accessDenied('Access Denied')
  const { account } = caller.principal
  const prefix = parameter('prefix')
  const region = parameter('bucket-region')
  const token = parameter('continuation-token') ?? ''
  const limit = pageSize(parameter('max-buckets'))
  const isAsked = ({ owner, name, region: at }: BucketDescription) =>
    owner === account && name.startsWith(prefix ?? '') && name > token && (region === undefined || region === at)
  // Names are ASCII: every order of them is the same.
  const own = (await administration.listBuckets()).filter(isAsked).sort((a, b) => (a.name < b.name ? -1 : 1))
  const page = own.slice(0, limit)
  const content = [
    ownerElement(account),
    element(
      'Buckets',
      page.map(({ name, createdAt, region: at }) =>
        element('Bucket', [
          element('Name', name),
          element('CreationDate', new Date(createdAt).toISOString()),
          element('BucketRegion', at),
        ]),
      ),
    ),
    optional('ContinuationToken', own.length > limit ? page.at(-1)?.name : undefined),
    optional('Prefix', prefix),
  ]
  return { status: 200, headers: xml, body: xmlDocument('ListAllMyBucketsResult', content) }
}

function pageSize(text: string | undefined): number {
  if (text === undefined) return bucketsMax
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > bucketsMax)
    throw invalidArgument('max-buckets', text, `max-buckets must be from 1 to ${bucketsMax}`)
  return number
}

export const HeadBucket: S3Handler = async (call) => {
  const { description } = await settingsOf(call)
  const about = { 'x-amz-bucket-region': description.region, 'x-amz-access-point-alias': 'false' }
  return { status: 200, headers: { ...xml, ...about } }
}

/** The first Region of all has no name here. */
export const GetBucketLocation: S3Handler = async (call) => {
  const { region } = (await settingsOf(call)).description
  const content = region === 'us-east-1' ? [] : [{ markup: region }]
  return { status: 200, headers: xml, body: xmlDocument('LocationConstraint', content) }
}

/** Only a few lines are expected. */
const configurationBytesMax = 16 * 1_024

export const CreateBucket: S3Handler = async (call) => {
  const { administration, objects, bucket, caller, header } = call
  if (caller.kind === 'anonymous') throw accessDenied('Access Denied')
  checkAcl(header)
  const ownership = header('x-amz-object-ownership')
  if (ownership !== undefined) readOwnership(ownership)
  const { region, tags } = await configurationAsked(call)
  const { account } = caller.principal
  const existing = await administration.describeBucket(bucket)
  // As S3 in its first Region, where scripts that make their bucket each time have always worked.
  const isAgain = existing?.owner === account && call.region === 'us-east-1' && existing.region === 'us-east-1'
  if (!isAgain) {
    await call.recordFirst()
    await administration.createBucket(bucket, { owner: account, region })
    const isLocked = header('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true'
    if (isLocked || tags)
      await objects.changeSettings(bucket, (settings) => ({
        ...settings,
        ...(isLocked && { versioning: 'Enabled' as const, objectLock: {} }),
        ...(tags && { tags }),
      }))
  }
  return { status: 200, headers: { Location: `/${bucket}` } }
}

/** The signature's Region where the body names none. @throws {S3Error} InvalidLocationConstraint, NotImplemented */
async function configurationAsked(
  call: S3Call,
): Promise<{ readonly region: string; readonly tags?: Readonly<Record<string, string>> }> {
  if (call.body.size() === 0) return { region: call.region }
  const root = parseXml(await call.body.document(configurationBytesMax))
  call.note({ CreateBucketConfiguration: asRecorded(root) })
  const children = childrenOf(rootNamed(root, 'CreateBucketConfiguration'), [
    'LocationConstraint',
    'Location',
    'Bucket',
    'Tags',
  ])
  if (children.Location.length + children.Bucket.length > 0)
    throw new S3Error('NotImplemented', 501, 'Directory buckets are not built in this version of OpenTrail.')
  const tagSet = atMostOne(children.Tags)
  const tags = tagSet && checkedBucketTags(readTagSet(tagSet))
  const constraint = textOf(children.LocationConstraint) ?? ''
  const region = constraint === '' ? call.region : constraint === 'EU' ? 'eu-west-1' : constraint
  if (!call.regions.has(region))
    throw new S3Error('InvalidLocationConstraint', 400, 'The specified location-constraint is not valid', {
      details: { LocationConstraint: constraint },
    })
  return { region, ...(tags && Object.keys(tags).length > 0 && { tags }) }
}

export const DeleteBucket: S3Handler = async (call) => {
  const { objects, bucket } = call
  const { versions } = await objects.listVersions(bucket, { limit: 1 })
  if (versions.length > 0)
    throw new S3Error('BucketNotEmpty', 409, 'The bucket you tried to delete is not empty', {
      details: { BucketName: bucket },
    })
  await call.recordFirst()
  await call.administration.deleteBucket(bucket)
  return { status: 204 }
}
