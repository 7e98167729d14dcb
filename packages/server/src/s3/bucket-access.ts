import { parsePolicy, type PolicyDocument, type PolicyStatement } from '@opentrail/core/policy'
import type { BucketSettings } from '../buckets/index.ts'
import { childrenOf, parseXml, rootNamed, wordOf, type XmlNode } from './xml-input.ts'
import { element, type Markup } from './xml.ts'

/** What S3 calls Block Public Access. */
export interface PublicAccessBlock {
  readonly BlockPublicAcls: boolean
  readonly IgnorePublicAcls: boolean
  readonly BlockPublicPolicy: boolean
  readonly RestrictPublicBuckets: boolean
}
const names = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const

const all = (value: boolean): PublicAccessBlock => ({
  BlockPublicAcls: value,
  IgnorePublicAcls: value,
  BlockPublicPolicy: value,
  RestrictPublicBuckets: value,
})

/** Stands for a configuration that was deleted: without any document everything is blocked, as in S3's new buckets. */
export const deletedDocument = (root: string): string => `<${root}/>`
export const isDeleted = (document: string | undefined): boolean => document !== undefined && document.endsWith('/>')

/** @throws {S3Error} MalformedXML */
export function readPublicAccessBlock(node: XmlNode): PublicAccessBlock {
  const children = childrenOf(rootNamed(node, 'PublicAccessBlockConfiguration'), names)
  const isOn = (name: (typeof names)[number]): boolean =>
    wordOf(children[name], ['true', 'TRUE', 'false', 'FALSE'])?.toLowerCase() === 'true'
  return {
    BlockPublicAcls: isOn('BlockPublicAcls'),
    IgnorePublicAcls: isOn('IgnorePublicAcls'),
    BlockPublicPolicy: isOn('BlockPublicPolicy'),
    RestrictPublicBuckets: isOn('RestrictPublicBuckets'),
  }
}

export const publicAccessBlockMarkup = (block: PublicAccessBlock): Markup[] =>
  names.map((name) => element(name, block[name]))

/** The one in force. */
export function publicAccessBlockOf({ documents }: BucketSettings): PublicAccessBlock {
  const document = documents.publicAccessBlock
  if (document === undefined) return all(true)
  return isDeleted(document) ? all(false) : readPublicAccessBlock(parseXml(Buffer.from(document)))
}

/** Read once per text; there are a few buckets, and each call asks. */
const keptMax = 64

export interface BucketPolicy {
  readonly whole: PolicyDocument
  /** Without what it hands over to the account's identity policies. */
  readonly direct: PolicyDocument
  readonly isPublic: boolean
}

/** Reads the policies of buckets, and remembers what it has read. */
export function createBucketPolicies(): (settings: BucketSettings) => BucketPolicy | undefined {
  const kept = new Map<string, BucketPolicy>()
  return ({ documents: { policy: text } }) => {
    if (text === undefined) return undefined
    const policy = kept.get(text) ?? readBucketPolicy(text)
    if (!kept.has(text) && kept.size >= keptMax) kept.delete(kept.keys().next().value!)
    kept.set(text, policy)
    return policy
  }
}

/** A policy that cannot be read denies everything: its denials are not known. */
function readBucketPolicy(text: string): BucketPolicy {
  const reading = parsePolicy(text, 'resource')
  if (!reading.ok) return { whole: denyingAll, direct: denyingAll, isPublic: false }
  const { policy } = reading
  const statements = policy.statements.flatMap((statement) => withoutAccounts(statement))
  return { whole: policy, direct: { ...policy, statements }, isPublic: isPublicPolicy(policy) }
}

const denyingAll: PolicyDocument = {
  version: '2012-10-17',
  statements: [
    {
      effect: 'deny',
      action: { negated: true, values: [] },
      resource: { negated: true, values: [] },
      conditions: [],
    },
  ],
}

function withoutAccounts(statement: PolicyStatement): PolicyStatement[] {
  const { principal, effect } = statement
  if (effect === 'deny' || !principal) return [statement]
  const values = principal.values.filter(({ kind }) => kind !== 'account')
  return values.length === 0 ? [] : [{ ...statement, principal: { ...principal, values } }]
}

type PolicyCondition = PolicyStatement['conditions'][number]
type Pattern = PolicyCondition['values'][number]

/** Condition keys that, with fixed values, keep a statement for everyone from being for the public. */
const narrowing = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceip',
  'aws:sourceorgid',
  'aws:sourceowner',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:userid',
  's3:dataaccesspointaccount',
  's3:dataaccesspointarn',
])
const positive = /^(?:string(?:equals|like|equalsignorecase)|arn(?:equals|like)|ipaddress)$/i
/** Wider networks than /8, or /32 of IPv6, are the public. */
const wideNetwork = /^(?:[\d.]+\/[0-7]|[\da-f:]*:[\da-f:]*\/(?:\d|[12]\d|3[01]))$/i
/** An ARN that names an account is somebody's, whatever else in it is open. */
const arnOfAccount = /^arn:[^:]*:[^:]*:[^:]*:\d{12}:/

function isFixed(key: string, pieces: Pattern): boolean {
  const [first] = pieces
  if (first?.kind !== 'text' || wideNetwork.test(first.text)) return false
  return pieces.length === 1 || (key.endsWith('arn') && arnOfAccount.test(first.text))
}

const isNarrowing = ({ key, operator, ifExists, set, values }: PolicyCondition): boolean =>
  narrowing.has(key) &&
  positive.test(operator) &&
  !ifExists &&
  set !== 'all' &&
  values.every((pieces) => isFixed(key, pieces))

/** Whether a policy lets everyone in. Source: Amazon S3 User Guide, "The meaning of 'public'". */
export function isPublicPolicy({ statements }: PolicyDocument): boolean {
  return statements.some(
    ({ effect, principal, conditions }) =>
      effect === 'allow' &&
      principal?.values.some(({ kind }) => kind === 'everyone') === true &&
      !conditions.some(isNarrowing),
  )
}
