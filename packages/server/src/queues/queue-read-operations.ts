import { inputMember } from '../operations/index.ts'
import { invalidParameter, noSuchQueue, printable, QueueError } from './queue-error.ts'
import { pageQueuesMax } from './queue-limits.ts'
import { settableNames, shownAttributes } from './queue-settings.ts'
import type { Queue } from './queue.ts'
import { boundedInteger, queueNameForm, readAccountId, requiredString } from './sqs-input.ts'
import type { SqsInput, SqsOperation, SqsOutput } from './sqs-operation.ts'

/** Reads are data events on AWS, too. */
const reading = { readOnly: true, category: 'Data', onlyReads: true } as const

export const GetQueueUrl: SqsOperation = {
  name: 'GetQueueUrl',
  action: 'sqs:GetQueueUrl',
  ...reading,
  acrossAccounts: true,
  about: 'queue',
  queueNameOf({ input, caller, region }) {
    const name = requiredString(input, 'QueueName')
    if (!queueNameForm.test(name)) throw noSuchQueue()
    return { account: readAccountId(input, 'QueueOwnerAWSAccountId') ?? caller.account, region, name }
  },
  handle: ({ urlOf }, queue) => Promise.resolve({ QueueUrl: urlOf(queue) }),
}

/** Where the last page ended, as text that callers do not look into. */
const tokenOf = (name: string) => Buffer.from(name).toString('base64url')

/** A page of queues in the order of their names. Without MaxResults it is the only one. @throws {ApiError} */
function pageOf(
  input: SqsInput,
  queues: readonly Queue[],
): { readonly page: readonly Queue[]; readonly next: SqsOutput } {
  const max = boundedInteger(input, 'MaxResults', 1, pageQueuesMax)
  const token = inputMember.string(input, 'NextToken')
  const after = token === undefined ? '' : Buffer.from(token, 'base64url').toString()
  if (token !== undefined && (max === undefined || !queueNameForm.test(after)))
    throw invalidParameter('NextToken', token, 'It is not one of ours, or comes without MaxResults.')
  const rest = queues.filter(({ name }) => name > after)
  const page = rest.slice(0, max ?? pageQueuesMax)
  const last = page.at(-1)
  return { page, next: max !== undefined && last && rest.length > page.length ? { NextToken: tokenOf(last.name) } : {} }
}

export const ListQueues: SqsOperation = {
  name: 'ListQueues',
  action: 'sqs:ListQueues',
  ...reading,
  acrossAccounts: false,
  about: 'account',
  handle({ input, caller, region, directory, urlOf }) {
    const prefix = inputMember.string(input, 'QueueNamePrefix') ?? ''
    const queues = directory.inRegion(caller.account, region).filter(({ name }) => name.startsWith(prefix))
    const { page, next } = pageOf(input, queues)
    return Promise.resolve({ ...(page.length > 0 && { QueueUrls: page.map(urlOf) }), ...next })
  },
}

export const ListDeadLetterSourceQueues: SqsOperation = {
  name: 'ListDeadLetterSourceQueues',
  action: 'sqs:ListDeadLetterSourceQueues',
  ...reading,
  acrossAccounts: true,
  about: 'queue',
  handle({ input, directory, urlOf }, queue) {
    const sources = directory
      .inRegion(queue.account, queue.region)
      .filter(({ settings }) => settings.redrive?.deadLetterTargetArn === queue.arn)
    const { page, next } = pageOf(input, sources)
    return Promise.resolve({ queueUrls: page.map(urlOf), ...next })
  },
}

const seconds = (ms: number) => String(Math.floor(ms / 1_000))

export const GetQueueAttributes: SqsOperation = {
  name: 'GetQueueAttributes',
  action: 'sqs:GetQueueAttributes',
  ...reading,
  acrossAccounts: true,
  about: 'queue',
  handle({ input, store }, queue) {
    const wanted = new Set(inputMember.strings(input, 'AttributeNames') ?? [])
    const { createdAt, modifiedAt, attributes } = queue.document
    const counts = store.counts(queue)
    const all: Record<string, string> = {
      ...shownAttributes(attributes),
      ApproximateNumberOfMessages: String(counts.visible),
      ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
      ApproximateNumberOfMessagesDelayed: String(counts.delayed),
      CreatedTimestamp: seconds(createdAt),
      LastModifiedTimestamp: seconds(modifiedAt),
      QueueArn: queue.arn,
    }
    for (const name of wanted)
      if (name !== 'All' && !Object.hasOwn(all, name) && !settableNames.has(name))
        throw new QueueError('InvalidAttributeName', `Unknown Attribute ${printable(name)}.`)
    const shown = Object.entries(all).filter(([name]) => wanted.has('All') || wanted.has(name))
    return Promise.resolve(shown.length > 0 ? { Attributes: Object.fromEntries(shown) } : {})
  },
}

export const ListQueueTags: SqsOperation = {
  name: 'ListQueueTags',
  action: 'sqs:ListQueueTags',
  ...reading,
  acrossAccounts: false,
  about: 'queue',
  handle(_call, { document: { tags } }) {
    return Promise.resolve(Object.keys(tags).length > 0 ? { Tags: tags } : {})
  },
}
