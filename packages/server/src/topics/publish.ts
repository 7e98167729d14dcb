import { uuid } from '../clock/index.ts'
import { createMessageFilter } from './message-filter.ts'
import type { SnsParts } from './sns-call.ts'
import { invalidParameter } from './sns-error.ts'
import type { PublishedMessage, StoredAttribute, SubscriptionProtocol, TopicName } from './topic-documents.ts'

export interface SentMessage {
  readonly message: string | undefined
  readonly subject?: string | undefined
  /** `json`: a text for each protocol. */
  readonly structure?: string | undefined
  readonly attributes?: readonly {
    readonly name: string
    readonly dataType: string | undefined
    readonly stringValue: string | undefined
    readonly base64Value: string | undefined
  }[]
}

/** A message that can be published. */
export interface MessageContent {
  /** Of the message and its attributes. */
  readonly bytes: number
  readonly subject?: string
  readonly attributes?: Readonly<Record<string, StoredAttribute>>
  text(protocol: SubscriptionProtocol): string
}

const subjectForm = /^[\x21-\x7e][\x20-\x7e]{0,99}$/
/** What XML 1.0 has no place for: a queue's answer could not carry it. */
// oxlint-disable-next-line no-control-regex -- exactly these are meant
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
const attributesMax = 100
const attributeName = /^(?!(?:aws|amazon)\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/i
const attributeTypes = ['String', 'Number', 'Binary', 'String.Array']

/** @throws {SnsError} InvalidParameter, ParameterValueInvalid */
export function readMessage({ message, subject, structure, attributes = [] }: SentMessage): MessageContent {
  if (message === undefined || message === '') throw invalidParameter('Empty message')
  if (unprintable.test(message)) throw invalidParameter('Message Reason: it has characters that are not allowed')
  if (subject !== undefined && !subjectForm.test(subject)) throw invalidParameter('Subject')
  const texts = structure === undefined ? undefined : readStructure(structure, message)
  if (attributes.length > attributesMax) throw invalidParameter('MessageAttributes')
  const stored = new Map(attributes.map((each) => [each.name, readAttribute(each)]))
  if (stored.size < attributes.length) throw invalidParameter('MessageAttributes Reason: a name was sent twice')
  const attributeBytes = [...stored].reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name + Object.values(value).join('')),
    0,
  )
  return {
    bytes: Buffer.byteLength(message) + attributeBytes,
    ...(subject !== undefined && { subject }),
    ...(stored.size > 0 && { attributes: Object.fromEntries(stored) }),
    text: (protocol) => texts?.get(protocol) ?? texts?.get('default') ?? message,
  }
}

const wrongStructure = (why: string) => invalidParameter(`Message Structure - ${why}`)
const wrongAttribute = (why: string) => invalidParameter(`MessageAttributes Reason: ${why}`)

function readStructure(structure: string, message: string): ReadonlyMap<string, string> {
  if (structure !== 'json') throw invalidParameter('MessageStructure')
  let value: unknown
  try {
    value = JSON.parse(message)
  } catch {
    throw wrongStructure('JSON message body failed to parse')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrongStructure('JSON message body failed to parse')
  const texts = new Map(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
  if (!texts.has('default')) throw wrongStructure('No default entry in JSON message body')
  return texts
}

function readAttribute(attribute: NonNullable<SentMessage['attributes']>[number]): StoredAttribute {
  const { name, dataType, stringValue, base64Value } = attribute
  if (!attributeName.test(name)) throw wrongAttribute('the name of an attribute is malformed')
  if (dataType === undefined || !attributeTypes.includes(dataType))
    throw wrongAttribute('the type of an attribute is unknown')
  if (dataType === 'Binary') {
    if (!base64Value || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64Value))
      throw wrongAttribute('a binary attribute has no value')
    return { dataType, base64Value }
  }
  if (!stringValue || unprintable.test(stringValue))
    throw wrongAttribute('an attribute has no value, or one that is not allowed')
  if (dataType === 'Number' && !Number.isFinite(Number(stringValue)))
    throw wrongAttribute('a number attribute is no number')
  return { dataType, stringValue }
}

/** Resolves to the message's id once it waits durably for every subscriber that takes it. @throws {SnsError} ServiceUnavailable, Throttled */
export async function publishTo(
  { directory, fanOut, random, now }: Pick<SnsParts, 'directory' | 'fanOut' | 'random' | 'now'>,
  topic: TopicName,
  { subject, attributes, text }: MessageContent,
): Promise<string> {
  const id = uuid(random)
  const publishedAt = now()
  const takes = createMessageFilter(attributes)
  const subscribers = directory
    .subscriptionsOf(topic)
    .filter((each) => each.confirmedAt !== undefined && takes(each, text(each.protocol)))
  await fanOut.enqueue(
    subscribers.map((subscription) => {
      const message: PublishedMessage = {
        id,
        ...(subject !== undefined && { subject }),
        message: text(subscription.protocol),
        ...(attributes && { attributes }),
        publishedAt,
      }
      return { subscription, kind: 'Notification' as const, message }
    }),
  )
  return id
}
