import { isAccountId, type AccountId, type Region } from '@opentrail/core/event'
import { inputMember } from '../operations/index.ts'
import type { MessageAttributes } from './message-content.ts'
import { invalidParameter, invalidValue, missingParameter, noSuchQueue, QueueError } from './queue-error.ts'
import { batchEntriesMax } from './queue-limits.ts'
import type { QueueName } from './queue.ts'
import type { SqsInput } from './sqs-operation.ts'

/** @throws {ApiError} MissingParameter */
export function requiredString(input: SqsInput, name: string): string {
  const value = inputMember.string(input, name)
  if (value === undefined || value === '') throw missingParameter(name)
  return value
}

/** A whole number between two bounds, both included. @throws {ApiError} InvalidParameterValue */
export function boundedInteger(input: SqsInput, name: string, min: number, max: number): number | undefined {
  const value = inputMember.integer(input, name)
  if (value !== undefined && (value < min || value > max))
    throw invalidParameter(name, value, `Must be >= ${min} and <= ${max}, if provided.`)
  return value
}

/** Members whose values are all text. Undefined where absent. @throws {ApiError} */
export function stringMap(input: SqsInput, name: string): Readonly<Record<string, string>> | undefined {
  const members = inputMember.structure(input, name)
  if (!members) return undefined
  return Object.fromEntries(Object.keys(members).map((key) => [key, inputMember.string(members, key) ?? '']))
}

/** Longer than any URL of ours. */
const urlCharsMax = 1_024

/** The queue that a URL names by its last two segments: clients know the server under many names. @throws {QueueError} */
export function readQueueUrl(url: string, region: Region): QueueName {
  const [, account = '', name = ''] =
    url.length > urlCharsMax ? [] : (/(?:^|\/)(\d{12})\/([\w.-]{1,80})$/.exec(url) ?? [])
  if (!isAccountId(account) || !queueNameForm.test(name)) throw noSuchQueue()
  return { account, region, name }
}

export const queueNameForm = /^(?=.{1,80}$)[\w-]+(?:\.fifo)?$/

/** @throws {ApiError} InvalidParameterValue: no account id. */
export function readAccountId(input: SqsInput, name: string): AccountId | undefined {
  const account = inputMember.string(input, name)
  if (account === undefined) return undefined
  if (!isAccountId(account)) throw invalidParameter(name, account, 'It is not an account id.')
  return account
}

const entryIdForm = /^[\w-]{1,80}$/

/** The entries of a batch, each with its own id. @throws {QueueError} */
export function batchEntries(input: SqsInput): readonly { readonly id: string; readonly entry: SqsInput }[] {
  const entries = inputMember.structures(input, 'Entries') ?? []
  if (entries.length === 0)
    throw new QueueError('EmptyBatchRequest', 'There should be at least one entry in the request.')
  if (entries.length > batchEntriesMax)
    throw new QueueError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${batchEntriesMax}. You have sent ${entries.length}.`,
    )
  const ids = new Set<string>()
  return entries.map((entry) => {
    const id = requiredString(entry, 'Id')
    if (!entryIdForm.test(id))
      throw new QueueError(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      )
    if (ids.has(id)) throw new QueueError('BatchEntryIdsNotDistinct', `Id ${id} repeated.`)
    ids.add(id)
    return { id, entry }
  })
}

/** Message attributes as they were sent; what they may be is checked elsewhere. @throws {ApiError} */
export function readMessageAttributes(input: SqsInput, member: string): MessageAttributes {
  const sent = inputMember.structure(input, member) ?? {}
  return Object.fromEntries(
    Object.keys(sent).map((name) => {
      const attribute = inputMember.structure(sent, name) ?? {}
      const dataType = requiredString(attribute, 'DataType')
      const stringValue = inputMember.string(attribute, 'StringValue')
      const binaryValue = readBase64(inputMember.string(attribute, 'BinaryValue'))
      return [
        name,
        { dataType, ...(stringValue !== undefined && { stringValue }), ...(binaryValue && { binaryValue }) },
      ]
    }),
  )
}

function readBase64(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw invalidValue('A binary value is not base64.')
  return Buffer.from(text, 'base64')
}
