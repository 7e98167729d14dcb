import { inputMember } from '../operations/index.ts'
import { md5OfAttributes, md5OfText, type MessageAttributes } from './message-content.ts'
import { receiveMessagesMax, visibilitySecondsMax, waitSecondsMax } from './queue-limits.ts'
import { invalidValue, printable } from './queue-error.ts'
import { readQueueArn, type Queue } from './queue.ts'
import type { ReceivedMessage, ReceiveOptions } from './receiving.ts'
import { sequenceNumber } from './send-operations.ts'
import { boundedInteger } from './sqs-input.ts'
import type { SqsCall, SqsInput, SqsOperation, SqsOutput } from './sqs-operation.ts'

export const ReceiveMessage: SqsOperation = {
  name: 'ReceiveMessage',
  action: 'sqs:ReceiveMessage',
  readOnly: true,
  category: 'Data',
  onlyReads: false,
  acrossAccounts: true,
  about: 'queue',
  async handle(call, queue) {
    const { input, receiptHandles } = call
    const shown = readShown(input)
    const waitSeconds = boundedInteger(input, 'WaitTimeSeconds', 0, waitSecondsMax) ?? queue.settings.waitSeconds
    const options = {
      max: boundedInteger(input, 'MaxNumberOfMessages', 1, receiveMessagesMax) ?? 1,
      visibilityMs:
        (boundedInteger(input, 'VisibilityTimeout', 0, visibilitySecondsMax) ?? queue.settings.visibilitySeconds) *
        1_000,
      overLimit: waitSeconds === 0 ? 'throws' : 'nothing',
    } as const
    const received = await receiveWithin(call, queue, waitSeconds * 1_000, options)
    if (received.length === 0) return {}
    return { Messages: received.map((message) => shownMessage(message, receiptHandles.seal(message.receipt), shown)) }
  },
}

/** Looks, and looks again whenever there may be something, until there is or the time is over. */
async function receiveWithin(
  { store, directory, waiting, clocks, signal }: SqsCall,
  queue: Queue,
  waitMs: number,
  options: ReceiveOptions,
): Promise<readonly ReceivedMessage[]> {
  const endsAt = clocks.monotonic() + waitMs
  for (;;) {
    const mark = waiting.mark()
    const { redrive } = queue.settings
    const target = redrive && readQueueArn(redrive.deadLetterTargetArn)
    const deadLetterQueue = target && (await directory.find(target))
    const deadLetter = deadLetterQueue &&
      redrive && { queue: deadLetterQueue, maxReceiveCount: redrive.maxReceiveCount }
    const received = await store.receive(queue, { ...options, ...(deadLetter && { deadLetter }) })
    const leftMs = endsAt - clocks.monotonic()
    if (received.length > 0 || leftMs <= 0 || signal.aborted || waiting.isEnded) return received
    await waiting.wait(queue.document.id, { mark, ms: leftMs, signal })
    if (signal.aborted) return []
  }
}

/** Which attributes the answer shows. */
interface Shown {
  system(name: string): boolean
  custom(name: string): boolean
}

const systemNames = new Set([
  'All',
  'ApproximateFirstReceiveTimestamp',
  'ApproximateReceiveCount',
  'AWSTraceHeader',
  'DeadLetterQueueSourceArn',
  'MessageDeduplicationId',
  'MessageGroupId',
  'SenderId',
  'SentTimestamp',
  'SequenceNumber',
])
/** As many as a message can have, and then some. */
const namesMax = 100

function readShown(input: SqsInput): Shown {
  const system = [
    ...(inputMember.strings(input, 'AttributeNames') ?? []),
    ...(inputMember.strings(input, 'MessageSystemAttributeNames') ?? []),
  ]
  for (const name of system) if (!systemNames.has(name)) throw invalidValue(`Unknown Attribute ${printable(name)}.`)
  const custom = inputMember.strings(input, 'MessageAttributeNames') ?? []
  if (custom.length > namesMax) throw invalidValue(`At most ${namesMax} MessageAttributeNames can be given.`)
  const prefixes = custom.filter((name) => name.endsWith('.*')).map((name) => name.slice(0, -1))
  return {
    system: (name) => system.includes('All') || system.includes(name),
    custom: (name) =>
      custom.includes('All') ||
      custom.includes(name) ||
      prefixes.some((prefix) => prefix === '.' || name.startsWith(prefix)),
  }
}

function shownMessage({ entry, content }: ReceivedMessage, handle: string, shown: Shown): SqsOutput {
  const system = {
    SenderId: content.senderId,
    SentTimestamp: String(entry.sentAt),
    ApproximateReceiveCount: String(entry.receives),
    ApproximateFirstReceiveTimestamp: String(entry.firstReceivedAt),
    AWSTraceHeader: content.traceHeader,
    MessageGroupId: content.group,
    MessageDeduplicationId: content.deduplicationId,
    DeadLetterQueueSourceArn: content.deadLetterSourceArn,
    SequenceNumber: entry.group === undefined ? undefined : sequenceNumber(entry.sequence),
  }
  const attributes = Object.entries(system).filter(([name, value]) => value !== undefined && shown.system(name))
  const custom = Object.fromEntries(Object.entries(content.attributes).filter(([name]) => shown.custom(name)))
  return {
    MessageId: entry.messageId,
    ReceiptHandle: handle,
    MD5OfBody: md5OfText(content.body),
    Body: content.body,
    ...(attributes.length > 0 && { Attributes: Object.fromEntries(attributes) }),
    ...(Object.keys(custom).length > 0 && {
      MD5OfMessageAttributes: md5OfAttributes(custom),
      MessageAttributes: shownAttributes(custom),
    }),
  }
}

const shownAttributes = (attributes: MessageAttributes): SqsOutput =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      {
        ...(stringValue !== undefined && { StringValue: stringValue }),
        ...(binaryValue && { BinaryValue: Buffer.from(binaryValue).toString('base64') }),
        DataType: dataType,
      },
    ]),
  )
