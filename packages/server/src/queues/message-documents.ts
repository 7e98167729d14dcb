import type { AccountId } from '@opentrail/core/event'
import type { ControlStore, ControlWrite } from '../control/index.ts'
import type { RecordCipher } from '../keyring/index.ts'
import type { MessageAttributes } from './message-content.ts'
import type { Entry } from './message-index.ts'
import type { MessageAttribute } from './queue-sink.ts'

/**
 * A message is two documents: what changes with each receive, small, and what never changes. All of the first kind are read
 * at the start; the second is read when the message is received.
 */
export const messagesPrefix = 'queues/message/'
export const queueMessagesPrefix = (queueId: string) => `${messagesPrefix}${queueId}/`
const digits = (sequence: number) => String(sequence).padStart(16, '0')
export const entryKey = (queueId: string, sequence: number) => `${queueMessagesPrefix(queueId)}${digits(sequence)}`
const contentKey = (queueId: string, sequence: number) => `queues/content/${queueId}/${digits(sequence)}`

export interface EntryDocument {
  readonly messageId: string
  readonly sentAt: number
  readonly visibleAt: number
  readonly bytes: number
  readonly group?: string
  readonly receives: number
  readonly firstReceivedAt?: number
  readonly receivedAt?: number
}

/** What was sent. */
export interface MessageContent {
  readonly body: string
  readonly attributes: MessageAttributes
  /** `AIDA...`, or the service that sent it. */
  readonly senderId: string
  readonly traceHeader?: string
  readonly group?: string
  readonly deduplicationId?: string
  /** The queue it was moved from. */
  readonly deadLetterSourceArn?: string
}

/** Attributes as JSON holds them: bytes in base64. */
interface ContentJson extends Omit<MessageContent, 'attributes'> {
  readonly attributes?: Readonly<
    Record<string, Omit<MessageAttribute, 'binaryValue'> & { readonly binaryValue?: string }>
  >
}

/** Base64 of the content's JSON, under the account's key. */
interface ContentDocument {
  readonly sealed: string
}

export function entryWrite(queueId: string, entry: Omit<Entry, 'state'>): ControlWrite {
  const { messageId, sentAt, visibleAt, bytes, group, receives, firstReceivedAt, receivedAt } = entry
  const value: EntryDocument = {
    messageId,
    sentAt,
    visibleAt,
    bytes,
    receives,
    ...(group !== undefined && { group }),
    ...(firstReceivedAt !== undefined && { firstReceivedAt }),
    ...(receivedAt !== undefined && { receivedAt }),
  }
  return { key: entryKey(queueId, entry.sequence), value }
}

/** Sequence and document as they are listed; undefined for a key that is none of ours. */
export function readEntryKey(key: string): { readonly queueId: string; readonly sequence: number } | undefined {
  const [, queueId, sequence] = /^queues\/message\/([\w-]+)\/(\d{16})$/.exec(key) ?? []
  return queueId === undefined ? undefined : { queueId, sequence: Number(sequence) }
}

export function entryOf(sequence: number, document: EntryDocument, now: number): Entry {
  const { group, firstReceivedAt, receivedAt, ...rest } = document
  return { ...rest, sequence, group, firstReceivedAt, receivedAt, state: document.visibleAt > now ? 'hidden' : 'ready' }
}

/** Both documents of a message. */
export const removalWrites = (queueId: string, sequence: number): ControlWrite[] => [
  { key: entryKey(queueId, sequence), value: undefined },
  { key: contentKey(queueId, sequence), value: undefined },
]

/** Where a message's content lies, and whose it is. */
export interface ContentPlace {
  readonly account: AccountId
  readonly queueId: string
  readonly sequence: number
}

/** The account's key must have been prepared. */
export function contentWrite(cipher: RecordCipher, place: ContentPlace, content: MessageContent): ControlWrite {
  const key = contentKey(place.queueId, place.sequence)
  const { attributes, ...rest } = content
  const json: ContentJson = { ...rest, ...(Object.keys(attributes).length > 0 && { attributes: toJson(attributes) }) }
  const sealed = cipher.seal(place.account, [Buffer.from(JSON.stringify(json))], key)
  const value: ContentDocument = { sealed: sealed.toString('base64') }
  return { key, value }
}

/** Undefined: there is no such message any more. @throws {ControlUnavailableError}, {CipherError} */
export async function readContent(
  control: ControlStore,
  cipher: RecordCipher,
  place: ContentPlace,
): Promise<MessageContent | undefined> {
  const key = contentKey(place.queueId, place.sequence)
  const document = await control.get<ContentDocument>(key)
  if (!document) return undefined
  const opened = await cipher.open(place.account, Buffer.from(document.value.sealed, 'base64'), key)
  const { attributes = {}, ...rest } = JSON.parse(opened.toString()) as ContentJson
  return { ...rest, attributes: fromJson(attributes) }
}

const toJson = (attributes: MessageAttributes): NonNullable<ContentJson['attributes']> =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { binaryValue, ...rest }]) => [
      name,
      { ...rest, ...(binaryValue && { binaryValue: Buffer.from(binaryValue).toString('base64') }) },
    ]),
  )

const fromJson = (attributes: NonNullable<ContentJson['attributes']>): MessageAttributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { binaryValue, ...rest }]) => [
      name,
      { ...rest, ...(binaryValue !== undefined && { binaryValue: Buffer.from(binaryValue, 'base64') }) },
    ]),
  )
