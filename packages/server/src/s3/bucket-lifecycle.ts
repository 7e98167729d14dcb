import { hash } from 'node:crypto'
import type { LifecycleFilter, LifecycleRule, LifecycleRules } from '../buckets/index.ts'
import { change, configurationOf, withDocument, xmlAnswer } from './bucket-settings.ts'
import { checkTag } from './object-headers.ts'
import { invalidRequest } from './request-body.ts'
import { settingsOf, type S3Handler } from './s3-call.ts'
import { invalidArgument, S3Error } from './s3-error.ts'
import { atMostOne, childrenOf, malformedXml, numberOf, parseXml, textOf, wordOf, type XmlNode } from './xml-input.ts'
import { element, optional, xmlDocument, type Markup } from './xml.ts'

/** As S3. */
const rulesMax = 1_000
const ruleIdCharsMax = 255
/** As S3: days are positive and have 31 bits. */
const daysMax = 2_147_483_647
const newestKeptMax = 100
/** A thousand rules with a prefix and some tags. */
const documentBytesMax = 1_048_576
const dayMs = 86_400_000

export const GetBucketLifecycle: S3Handler = async (call) => {
  const { lifecycle } = (await settingsOf(call)).documents
  if (lifecycle === undefined)
    throw new S3Error('NoSuchLifecycleConfiguration', 404, 'The lifecycle configuration does not exist', {
      details: { BucketName: call.bucket },
    })
  return xmlAnswer(lifecycle)
}

export const PutBucketLifecycle: S3Handler = async (call) => {
  const rules = readRules(await configurationOf(call, 'LifecycleConfiguration', documentBytesMax))
  await change(call, withDocument('lifecycle', lifecycleDocument(rules)))
  return { status: 200 }
}

export const DeleteBucketLifecycle: S3Handler = async (call) => {
  await change(call, ({ documents: { lifecycle: _removed, ...documents }, ...rest }) => ({ ...rest, documents }))
  return { status: 204 }
}

/** Of the document as it was stored here. @throws {S3Error} it is none */
export const lifecycleRulesOf = (document: string): LifecycleRules => readRules(parseXml(Buffer.from(document)))

function readRules(node: XmlNode): LifecycleRules {
  const { Rule } = childrenOf(node, ['Rule'])
  if (Rule.length === 0 || Rule.length > rulesMax) throw malformedXml()
  const rules = Rule.map(readRule)
  const ids = rules.map(({ id }) => id)
  if (new Set(ids).size < ids.length)
    throw invalidArgument('ID', '', 'RuleId must be unique. Found same ID for more than one rule')
  return { rules }
}

function readRule(node: XmlNode, at: number): LifecycleRule {
  const parts = childrenOf(node, [
    'ID',
    'Prefix',
    'Filter',
    'Status',
    'Expiration',
    'NoncurrentVersionExpiration',
    'AbortIncompleteMultipartUpload',
    'Transition',
    'NoncurrentVersionTransition',
  ])
  if (parts.Transition.length + parts.NoncurrentVersionTransition.length > 0)
    throw new S3Error(
      'NotImplemented',
      501,
      'Transitions to other storage classes are not built in this version of OpenTrail.',
    )
  const status = wordOf(parts.Status, ['Enabled', 'Disabled'])
  if (!status) throw malformedXml()
  const filter = readFilter(atMostOne(parts.Filter), textOf(parts.Prefix))
  const expiration = readExpiration(atMostOne(parts.Expiration))
  const noncurrentExpiration = readNoncurrent(atMostOne(parts.NoncurrentVersionExpiration))
  const abortUploadsAfterDays = readAbort(atMostOne(parts.AbortIncompleteMultipartUpload))
  if (!expiration && !noncurrentExpiration && abortUploadsAfterDays === undefined)
    throw invalidRequest('At least one action needs to be specified in a rule.')
  const isPartial = filter.tags !== undefined || filter.sizeAbove !== undefined || filter.sizeBelow !== undefined
  if (abortUploadsAfterDays !== undefined && isPartial)
    throw invalidRequest('AbortIncompleteMultipartUpload cannot be specified with Tags or object sizes.')
  if (expiration?.kind === 'expired-markers' && filter.tags)
    throw invalidRequest('ExpiredObjectDeleteMarker cannot be specified with Tags.')
  return {
    id: readId(textOf(parts.ID), node, at),
    isEnabled: status === 'Enabled',
    filter,
    ...(expiration && { expiration }),
    ...(noncurrentExpiration && { noncurrentExpiration }),
    ...(abortUploadsAfterDays !== undefined && { abortUploadsAfterDays }),
  }
}

/** A rule without a name gets one. */
function readId(id: string | undefined, node: XmlNode, at: number): string {
  if (id === undefined || id === '') return hash('sha256', `${at} ${JSON.stringify(node)}`, 'hex').slice(0, 48)
  if (id.length > ruleIdCharsMax)
    throw invalidArgument('ID', id, `ID length should not exceed allowed limit of ${ruleIdCharsMax}`)
  return id
}

function readFilter(node: XmlNode | undefined, oldPrefix: string | undefined): LifecycleFilter {
  if ((node === undefined) === (oldPrefix === undefined)) throw malformedXml()
  if (!node) return { prefix: oldPrefix ?? '' }
  const names = ['Prefix', 'Tag', 'ObjectSizeGreaterThan', 'ObjectSizeLessThan'] as const
  const { And, ...alone } = childrenOf(node, [...names, 'And'])
  const and = atMostOne(And)
  const found = Object.values(alone).flat().length
  if (found > 1 || (and && found > 0)) throw malformedXml()
  const { Prefix, Tag, ObjectSizeGreaterThan, ObjectSizeLessThan } = and ? childrenOf(and, names) : alone
  const [prefix, above, below] = [textOf(Prefix), numberOf(ObjectSizeGreaterThan), numberOf(ObjectSizeLessThan)]
  if ((above ?? 0) < 0 || (below ?? 1) < 1 || (above !== undefined && below !== undefined && above >= below))
    throw invalidRequest("'ObjectSizeGreaterThan' and 'ObjectSizeLessThan' have to leave room for a size.")
  return {
    ...(prefix !== undefined && { prefix }),
    ...(Tag.length > 0 && { tags: readTags(Tag) }),
    ...(above !== undefined && { sizeAbove: above }),
    ...(below !== undefined && { sizeBelow: below }),
  }
}

function readTags(nodes: readonly XmlNode[]): Record<string, string> {
  const tags = nodes.map((tag) => {
    const { Key, Value } = childrenOf(tag, ['Key', 'Value'])
    const [name, value] = [textOf(Key), textOf(Value)]
    if (name === undefined || value === undefined) throw malformedXml()
    checkTag(name, value)
    return [name, value] as const
  })
  if (new Set(tags.map(([name]) => name)).size < tags.length)
    throw invalidRequest('Duplicate Tag Keys are not allowed.')
  return Object.fromEntries(tags)
}

function days(nodes: readonly XmlNode[], what: string): number | undefined {
  const number = numberOf(nodes)
  if (number !== undefined && (number < 1 || number > daysMax))
    throw invalidArgument(what, String(number), `'${what}' must be a positive integer`)
  return number
}

function readExpiration(node: XmlNode | undefined): LifecycleRule['expiration'] {
  if (!node) return undefined
  const {
    Days,
    Date: dates,
    ExpiredObjectDeleteMarker,
  } = childrenOf(node, ['Days', 'Date', 'ExpiredObjectDeleteMarker'])
  const [count, date] = [days(Days, 'Days'), textOf(dates)]
  const markers = wordOf(ExpiredObjectDeleteMarker, ['true', 'false'])
  if ([count, date, markers].filter((given) => given !== undefined).length !== 1) throw malformedXml()
  if (count !== undefined) return { kind: 'days', days: count }
  if (date === undefined) return markers === 'true' ? { kind: 'expired-markers' } : undefined
  const time = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/.test(date) ? Date.parse(date) : Number.NaN
  if (Number.isNaN(time)) throw malformedXml()
  if (time % dayMs !== 0) throw invalidArgument('Date', date, "'Date' must be at midnight GMT")
  return { kind: 'date', date: time }
}

function readNoncurrent(node: XmlNode | undefined): LifecycleRule['noncurrentExpiration'] {
  if (!node) return undefined
  const { NoncurrentDays, NewerNoncurrentVersions } = childrenOf(node, ['NoncurrentDays', 'NewerNoncurrentVersions'])
  const [count, newestKept] = [days(NoncurrentDays, 'NoncurrentDays'), numberOf(NewerNoncurrentVersions)]
  if (count === undefined) throw malformedXml()
  if (newestKept !== undefined && (newestKept < 1 || newestKept > newestKeptMax))
    throw invalidArgument(
      'NewerNoncurrentVersions',
      String(newestKept),
      `'NewerNoncurrentVersions' must be from 1 to ${newestKeptMax}`,
    )
  return { days: count, ...(newestKept !== undefined && { newestKept }) }
}

function readAbort(node: XmlNode | undefined): number | undefined {
  if (!node) return undefined
  const count = days(childrenOf(node, ['DaysAfterInitiation']).DaysAfterInitiation, 'DaysAfterInitiation')
  if (count === undefined) throw malformedXml()
  return count
}

/** As it is stored and given out: in one form, whichever of S3's it was put in. */
function lifecycleDocument({ rules }: LifecycleRules): string {
  return xmlDocument(
    'LifecycleConfiguration',
    rules.map(({ id, isEnabled, filter, expiration, noncurrentExpiration, abortUploadsAfterDays }) =>
      element('Rule', [
        optional('ID', id),
        filterElement(filter),
        element('Status', isEnabled ? 'Enabled' : 'Disabled'),
        expiration && element('Expiration', [expirationElement(expiration)]),
        noncurrentExpiration &&
          element('NoncurrentVersionExpiration', [
            element('NoncurrentDays', noncurrentExpiration.days),
            noncurrentExpiration.newestKept === undefined
              ? undefined
              : element('NewerNoncurrentVersions', noncurrentExpiration.newestKept),
          ]),
        abortUploadsAfterDays === undefined
          ? undefined
          : element('AbortIncompleteMultipartUpload', [element('DaysAfterInitiation', abortUploadsAfterDays)]),
      ]),
    ),
  )
}

function filterElement({ prefix, tags = {}, sizeAbove, sizeBelow }: LifecycleFilter): Markup {
  const conditions = [
    optional('Prefix', prefix),
    ...Object.entries(tags).map(([name, value]) => element('Tag', [element('Key', name), element('Value', value)])),
    sizeAbove === undefined ? undefined : element('ObjectSizeGreaterThan', sizeAbove),
    sizeBelow === undefined ? undefined : element('ObjectSizeLessThan', sizeBelow),
  ].filter((condition) => condition !== undefined)
  return element('Filter', conditions.length > 1 ? [element('And', conditions)] : conditions)
}

function expirationElement(expiration: NonNullable<LifecycleRule['expiration']>): Markup {
  if (expiration.kind === 'days') return element('Days', expiration.days)
  if (expiration.kind === 'date') return element('Date', new Date(expiration.date).toISOString())
  return element('ExpiredObjectDeleteMarker', true)
}
