import { uuid } from '../clock/index.ts'
import { inputMember } from '../operations/index.ts'
import { invalidParameter, invalidValue, missingParameter, noSuchQueue, QueueError } from './queue-error.ts'
import { purgeIntervalMs, queuesMax } from './queue-limits.ts'
import { changeAttributes, settingsOf, shownAttributes, type QueueSettings } from './queue-settings.ts'
import { addTags, readTags, removeTags } from './queue-tags.ts'
import { readQueueArn, type Queue, type QueueDocument, type QueueName } from './queue.ts'
import { queueNameForm, requiredString, stringMap } from './sqs-input.ts'
import type { SqsCall, SqsInput, SqsOperation, SqsOutput } from './sqs-operation.ts'

const management = {
  readOnly: false,
  category: 'Management',
  onlyReads: false,
  acrossAccounts: false,
} as const

/** Changes the queue as it is now; nothing else changes it meanwhile. */
export function changeQueue(
  { directory, clocks, commit }: SqsCall,
  queue: Queue,
  edit: (queue: Queue) => Partial<QueueDocument> | Promise<Partial<QueueDocument>>,
): Promise<SqsOutput> {
  return directory.change(async () => {
    const current = await directory.find(queue)
    if (current?.document.id !== queue.document.id) throw noSuchQueue()
    const document = { ...current.document, modifiedAt: clocks.domain(), ...(await edit(current)) }
    await directory.save(queue, document, {}, commit)
    return {}
  })
}

export const CreateQueue: SqsOperation = {
  name: 'CreateQueue',
  action: 'sqs:CreateQueue',
  ...management,
  about: 'account',
  handle(call) {
    const { input, caller, region, directory, clocks, random } = call
    const name = readQueueName(input)
    const given = stringMap(input, 'Attributes') ?? {}
    const attributes = changeAttributes({}, given, true)
    checkNameFits(name, attributes['FifoQueue'] === 'true')
    const tags = readTags(stringMap(input, 'tags') ?? {})
    const place = { account: caller.account, region, name }
    const output = { QueueUrl: call.urlOf(place) }
    return directory.change(async () => {
      const existing = await directory.find(place)
      if (existing) {
        checkSame(existing, given, attributes)
        return output
      }
      if (directory.size >= queuesMax) throw new QueueError('OverLimit', `There are ${queuesMax} queues already.`)
      await checkRedrive(call, place, settingsOf(attributes))
      const now = clocks.domain()
      const id = uuid(random)
      const document = { id, createdAt: now, modifiedAt: now, attributes, tags, purgedThrough: 0 }
      await directory.save(place, document, output, call.commit)
      return output
    })
  },
}

function readQueueName(input: SqsInput): string {
  const name = requiredString(input, 'QueueName')
  if (!queueNameForm.test(name))
    throw invalidValue('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length')
  return name
}

function checkNameFits(name: string, isFifo: boolean): void {
  if (isFifo === name.endsWith('.fifo')) return
  throw invalidValue(
    isFifo
      ? 'The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.'
      : 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
  )
}

/** What was said must be as it is; what was not said may be as it likes. @throws {QueueError} QueueNameExists */
function checkSame(
  existing: Queue,
  given: Readonly<Record<string, string>>,
  attributes: Readonly<Record<string, string>>,
): void {
  const [is, wanted] = [shownAttributes(existing.document.attributes), shownAttributes(attributes)]
  const differing = Object.keys(given).find((name) => is[name] !== wanted[name])
  if (differing !== undefined)
    throw new QueueError(
      'QueueNameExists',
      `A queue already exists with the same name and a different value for attribute ${differing}`,
    )
}

/** A dead-letter queue is in the same account and Region, of the same type, and lets itself be used. @throws {ApiError} */
async function checkRedrive({ directory }: SqsCall, place: QueueName, settings: QueueSettings): Promise<void> {
  const { redrive, isFifo } = settings
  if (!redrive) return
  const { deadLetterTargetArn } = redrive
  const refuse = (reason: string) => invalidParameter('RedrivePolicy', JSON.stringify(redrive), reason)
  const target = readQueueArn(deadLetterTargetArn)
  if (!target || target.account !== place.account || target.region !== place.region)
    throw refuse('Dead-letter target owner or Region differs, or it is not the ARN of a queue.')
  if (target.name === place.name) throw refuse('A queue cannot be its own dead-letter queue.')
  const queue = await directory.find(target)
  if (!queue) throw refuse('Dead letter target does not exist.')
  if (queue.settings.isFifo !== isFifo) throw refuse('Dead-letter queue must be same type of queue as the source.')
  const { redrivePermission, sourceQueueArns } = queue.settings.redriveAllow
  const arn = queue.arn.slice(0, -target.name.length) + place.name
  if (redrivePermission === 'denyAll' || (redrivePermission === 'byQueue' && !sourceQueueArns.includes(arn)))
    throw refuse('The RedriveAllowPolicy of the dead-letter queue does not allow it.')
}

export const DeleteQueue: SqsOperation = {
  name: 'DeleteQueue',
  action: 'sqs:DeleteQueue',
  ...management,
  about: 'queue',
  handle({ directory, commit }, queue) {
    return directory.change(async () => {
      const current = await directory.find(queue)
      if (current?.document.id !== queue.document.id) throw noSuchQueue()
      await directory.save(queue, undefined, {}, commit)
      return {}
    })
  },
}

export const SetQueueAttributes: SqsOperation = {
  name: 'SetQueueAttributes',
  action: 'sqs:SetQueueAttributes',
  ...management,
  about: 'queue',
  handle(call, queue) {
    const given = stringMap(call.input, 'Attributes')
    if (!given) throw missingParameter('Attributes')
    return changeQueue(call, queue, async ({ document }) => {
      const attributes = changeAttributes(document.attributes, given, false)
      if (Object.hasOwn(given, 'RedrivePolicy')) await checkRedrive(call, queue, settingsOf(attributes))
      return { attributes }
    })
  },
}

export const PurgeQueue: SqsOperation = {
  name: 'PurgeQueue',
  action: 'sqs:PurgeQueue',
  ...management,
  acrossAccounts: true,
  about: 'queue',
  handle: (call, queue) =>
    changeQueue(call, queue, ({ document }) => {
      const now = call.clocks.domain()
      const { purgedAt, modifiedAt } = document
      if (purgedAt !== undefined && now < purgedAt + purgeIntervalMs && now >= purgedAt)
        throw new QueueError(
          'PurgeQueueInProgress',
          `Only one PurgeQueue operation on ${queue.name} is allowed every ${purgeIntervalMs / 1_000} seconds.`,
        )
      return { modifiedAt, purgedAt: now, purgedThrough: call.store.lastSequence() }
    }),
}

export const TagQueue: SqsOperation = {
  name: 'TagQueue',
  action: 'sqs:TagQueue',
  ...management,
  about: 'queue',
  handle(call, queue) {
    const sent = stringMap(call.input, 'Tags')
    if (!sent) throw missingParameter('Tags')
    const tags = readTags(sent)
    return changeQueue(call, queue, ({ document: { tags: before, modifiedAt } }) => ({
      modifiedAt,
      tags: addTags(before, tags),
    }))
  },
}

export const UntagQueue: SqsOperation = {
  name: 'UntagQueue',
  action: 'sqs:UntagQueue',
  ...management,
  about: 'queue',
  handle(call, queue) {
    const keys = inputMember.strings(call.input, 'TagKeys')
    if (!keys) throw missingParameter('TagKeys')
    return changeQueue(call, queue, ({ document: { tags, modifiedAt } }) => ({
      modifiedAt,
      tags: removeTags(tags, keys),
    }))
  },
}
