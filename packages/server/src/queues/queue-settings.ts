import { parsePolicy } from '@opentrail/core/policy'
import { messageBytesMax, visibilitySecondsMax, waitSecondsMax } from './queue-limits.ts'
import { QueueError, printable } from './queue-error.ts'

/** What a queue's attributes mean. */
export interface QueueSettings {
  readonly isFifo: boolean
  readonly delayMs: number
  readonly messageBytesMax: number
  readonly retentionMs: number
  readonly waitSeconds: number
  readonly visibilitySeconds: number
  readonly contentBasedDeduplication: boolean
  readonly deduplicationScope: 'queue' | 'messageGroup'
  readonly redrive: RedrivePolicy | undefined
  readonly redriveAllow: RedriveAllowPolicy
}

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string
  readonly maxReceiveCount: number
}

export interface RedriveAllowPolicy {
  readonly redrivePermission: 'allowAll' | 'denyAll' | 'byQueue'
  readonly sourceQueueArns: readonly string[]
}

type Attributes = Readonly<Record<string, string>>

/** Source: Amazon SQS API Reference, "SetQueueAttributes". */
const numbers: Readonly<Record<string, { readonly min: number; readonly max: number; readonly initial: number }>> = {
  DelaySeconds: { min: 0, max: 900, initial: 0 },
  MaximumMessageSize: { min: 1_024, max: messageBytesMax, initial: messageBytesMax },
  MessageRetentionPeriod: { min: 60, max: 1_209_600, initial: 345_600 },
  ReceiveMessageWaitTimeSeconds: { min: 0, max: waitSecondsMax, initial: 0 },
  VisibilityTimeout: { min: 0, max: visibilitySecondsMax, initial: 30 },
}
/** Of FIFO queues only. */
const words: Readonly<Record<string, readonly [initial: string, ...others: string[]]>> = {
  ContentBasedDeduplication: ['false', 'true'],
  DeduplicationScope: ['queue', 'messageGroup'],
  FifoThroughputLimit: ['perQueue', 'perMessageGroupId'],
}
/** Removed by an empty value. */
const documents: Readonly<Record<string, (text: string) => string>> = {
  Policy: readPolicyAttribute,
  RedrivePolicy: (text) => JSON.stringify(readRedrivePolicy(text)),
  RedriveAllowPolicy: (text) => JSON.stringify(readRedriveAllowPolicy(text)),
}
const sourceQueuesMax = 10
const maxReceiveCountMax = 1_000
/** JSON of two ARNs and some words, or of eleven. */
const redriveTextCharsMax = 4_096

const invalid = (name: string, reason = '') =>
  new QueueError('InvalidAttributeValue', `Invalid value for the parameter ${name}.${reason && ` ${reason}`}`)

/**
 * What a queue's attributes are after `changes` (wire names and values, untrusted). `FifoQueue` is settled when a queue is
 * made. @throws {QueueError} InvalidAttributeName, InvalidAttributeValue
 */
export function changeAttributes(before: Attributes, changes: Attributes, isNew: boolean): Attributes {
  const after = new Map(Object.entries(before))
  const isFifo = (isNew ? changes['FifoQueue'] : before['FifoQueue']) === 'true'
  for (const [name, value] of Object.entries(changes)) {
    const stored = readAttribute(name, value, isFifo, isNew)
    if (stored === undefined) after.delete(name)
    else after.set(name, stored)
  }
  return Object.fromEntries(after)
}

/** The value as it is kept; undefined: the attribute is as if it had not been set. */
function readAttribute(name: string, value: string, isFifo: boolean, isNew: boolean): string | undefined {
  const range = own(numbers, name)
  if (range) return readNumber(name, value, range)
  const readDocument = own(documents, name)
  if (readDocument) return value === '' ? undefined : readDocument(value)
  const choices = own(words, name)
  if (choices) {
    if (!isFifo) throw new QueueError('InvalidAttributeName', `Unknown Attribute ${name}.`)
    if (!choices.includes(value)) throw invalid(name)
    return value
  }
  switch (name) {
    case 'FifoQueue':
      // As on AWS: false cannot be said, neither when a queue is made nor later.
      if (value !== 'true' || (!isNew && !isFifo)) throw invalid(name)
      return value
    case 'SqsManagedSseEnabled':
      if (value !== 'true' && value !== 'false') throw invalid(name)
      return value
    case 'KmsMasterKeyId':
      if (value !== '')
        throw invalid(name, 'Queues that are encrypted with a KMS key are not built in this version of OpenTrail.')
      return undefined
    case 'KmsDataKeyReusePeriodSeconds':
      return readNumber(name, value, { min: 60, max: 86_400 })
    default:
      throw new QueueError('InvalidAttributeName', `Unknown Attribute ${printable(name)}.`)
  }
}

function readNumber(name: string, value: string, { min, max }: { readonly min: number; readonly max: number }): string {
  const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= min && number <= max)) throw invalid(name)
  return String(number)
}

function readPolicyAttribute(text: string): string {
  const reading = parsePolicy(text, 'resource')
  if (!reading.ok) throw invalid('Policy', reading.message)
  return text
}

function readRedrivePolicy(text: string): RedrivePolicy {
  const { deadLetterTargetArn, maxReceiveCount } = readObject('RedrivePolicy', text)
  // Both forms are around: tools write it as a text.
  const count = /^\d{1,4}$/.test(String(maxReceiveCount)) ? Number(maxReceiveCount) : 0
  if (typeof deadLetterTargetArn !== 'string') throw invalid('RedrivePolicy', 'It must have a deadLetterTargetArn.')
  if (count < 1 || count > maxReceiveCountMax)
    throw invalid('RedrivePolicy', `maxReceiveCount must be between 1 and ${maxReceiveCountMax}.`)
  return { deadLetterTargetArn, maxReceiveCount: count }
}

const permissions = ['allowAll', 'denyAll', 'byQueue'] as const

const areSources = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length <= sourceQueuesMax && value.every((item) => typeof item === 'string')

function readRedriveAllowPolicy(text: string): RedriveAllowPolicy {
  const { redrivePermission, sourceQueueArns = [] } = readObject('RedriveAllowPolicy', text)
  const permission = permissions.find((each) => each === redrivePermission)
  if (permission === undefined || !areSources(sourceQueueArns)) throw invalid('RedriveAllowPolicy')
  if ((permission === 'byQueue') !== sourceQueueArns.length > 0)
    throw invalid('RedriveAllowPolicy', 'sourceQueueArns go with byQueue, and byQueue with them.')
  return { redrivePermission: permission, sourceQueueArns }
}

function readObject(name: string, text: string): Readonly<Record<string, unknown>> {
  if (text.length > redriveTextCharsMax) throw invalid(name)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid(name, 'It is not JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name, 'It is no JSON object.')
  return value as Record<string, unknown>
}

/** The settings behind attributes that `changeAttributes` has checked. */
export function settingsOf(attributes: Attributes): QueueSettings {
  const number = (name: string) => Number(attributes[name] ?? numbers[name]!.initial)
  return {
    isFifo: attributes['FifoQueue'] === 'true',
    delayMs: number('DelaySeconds') * 1_000,
    messageBytesMax: number('MaximumMessageSize'),
    retentionMs: number('MessageRetentionPeriod') * 1_000,
    waitSeconds: number('ReceiveMessageWaitTimeSeconds'),
    visibilitySeconds: number('VisibilityTimeout'),
    contentBasedDeduplication: attributes['ContentBasedDeduplication'] === 'true',
    deduplicationScope: attributes['DeduplicationScope'] === 'messageGroup' ? 'messageGroup' : 'queue',
    redrive: attributes['RedrivePolicy'] === undefined ? undefined : readRedrivePolicy(attributes['RedrivePolicy']),
    redriveAllow:
      attributes['RedriveAllowPolicy'] === undefined
        ? { redrivePermission: 'allowAll', sourceQueueArns: [] }
        : readRedriveAllowPolicy(attributes['RedriveAllowPolicy']),
  }
}

/** All attributes that can be set, as GetQueueAttributes answers them: with what was never set at its initial value. */
export function shownAttributes(attributes: Attributes): Record<string, string> {
  const isFifo = attributes['FifoQueue'] === 'true'
  const initials = [
    ...Object.entries(numbers).map(([name, { initial }]) => [name, String(initial)] as const),
    ...(isFifo ? Object.entries(words).map(([name, [initial]]) => [name, initial] as const) : []),
    ['SqsManagedSseEnabled', 'true'] as const,
  ]
  return { ...Object.fromEntries(initials), ...attributes }
}

/** Names that GetQueueAttributes takes beside those it computes. */
export const settableNames: ReadonlySet<string> = new Set([
  ...Object.keys(numbers),
  ...Object.keys(words),
  ...Object.keys(documents),
  'FifoQueue',
  'SqsManagedSseEnabled',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
])

const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined
