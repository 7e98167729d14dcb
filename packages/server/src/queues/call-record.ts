import { hiddenValue } from '@opentrail/core/event'
import type { CallName } from '../http/index.ts'
import type { ApiCall } from '../selftrail/index.ts'
import type { Queue } from './queue.ts'
import { inputMembers } from './sqs-query.ts'
import type { SqsInput, SqsOperation, SqsOutput } from './sqs-operation.ts'

export const callName = ({ name, readOnly, category }: SqsOperation): CallName => ({
  eventSource: 'sqs.amazonaws.com',
  eventName: name,
  readOnly,
  category,
})

/** Members whose names are the caller's own, and stay as they are. */
const namedByCaller = new Set(['Attributes', 'Tags', 'tags', 'MessageAttributes', 'MessageSystemAttributes'])

/** The input as its record shows it: without what messages say. */
export const recordedInput = (input: SqsInput): Partial<ApiCall> => ({
  requestParameters: lowerCamel(hideContents(input)),
  keepsParameterNames: true,
})

/** Of calls that change something. Nothing of what is received. */
export const recordedOutput = (output: SqsOutput): Partial<ApiCall> =>
  Object.keys(output).length === 0 ? {} : { responseElements: lowerCamel(output), keepsParameterNames: true }

export const recordedQueue = (queue: Queue | undefined): Partial<ApiCall> =>
  queue ? { resources: [{ accountId: queue.account, type: 'AWS::SQS::Queue', ARN: queue.arn }] } : {}

/** What says what a message says. */
const hiddenMembers = new Set(['MessageBody', 'MessageAttributes', 'MessageSystemAttributes'])

/** Members that SQS does not have are left out: what they hold is nobody's to know. */
function hideContents(input: SqsInput): SqsInput {
  const shown = Object.entries(input).filter(([name]) => inputMembers.has(name))
  return Object.fromEntries(shown.map(([name, value]) => [name, hidden(name, value)]))
}

function hidden(name: string, value: unknown): unknown {
  if (hiddenMembers.has(name)) return hiddenValue
  if (name !== 'Entries') return value
  if (!Array.isArray(value)) return hiddenValue
  return value.map((entry: unknown) => (isStructure(entry) ? hideContents(entry) : hiddenValue))
}

const isStructure = (value: unknown): value is SqsInput =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `QueueUrl` becomes `queueUrl`, `MD5OfMessageBody` `mD5OfMessageBody`, as AWS writes them. */
function lowerCamel(members: SqsInput): SqsInput {
  const inner = (name: string, value: unknown): unknown =>
    namedByCaller.has(name) || !Array.isArray(value)
      ? value
      : value.map((item: unknown) => (isStructure(item) ? lowerCamel(item) : item))
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), inner(name, value)]),
  )
}
