import { ApiError } from '../operations/index.ts'
import type { Outcome } from './message-store.ts'
import { missingParameter, printable, QueueError } from './queue-error.ts'
import { visibilitySecondsMax } from './queue-limits.ts'
import type { Receipt, ReceiptHandles } from './receipt-handle.ts'
import { attempt, batchOutput, failedEntry } from './send-operations.ts'
import { batchEntries, boundedInteger, requiredString } from './sqs-input.ts'
import type { SqsInput, SqsOperation, SqsOutput } from './sqs-operation.ts'

/** @throws {ApiError} MissingParameter, ReceiptHandleIsInvalid */
function readReceipt(input: SqsInput, handles: ReceiptHandles): Receipt {
  const handle = requiredString(input, 'ReceiptHandle')
  const receipt = handles.open(handle)
  if (!receipt)
    throw new QueueError('ReceiptHandleIsInvalid', `The input receipt handle "${printable(handle)}" is not valid.`)
  return receipt
}

function readChange(input: SqsInput, handles: ReceiptHandles) {
  const receipt = readReceipt(input, handles)
  const seconds = boundedInteger(input, 'VisibilityTimeout', 0, visibilitySecondsMax)
  if (seconds === undefined) throw missingParameter('VisibilityTimeout')
  return { receipt, visibilityMs: seconds * 1_000 }
}

/** Each entry of a batch read and then done together; what fails fails alone. */
async function batch<T>(
  input: SqsInput,
  read: (entry: SqsInput) => T,
  act: (all: readonly T[]) => Promise<readonly Outcome[]>,
): Promise<SqsOutput> {
  const entries = batchEntries(input).map(({ id, entry }) => ({ id, read: attempt(() => read(entry)) }))
  const good = entries.flatMap((entry) => (entry.read instanceof ApiError ? [] : [{ ...entry, read: entry.read }]))
  const outcomes = good.length === 0 ? [] : await act(good.map((entry) => entry.read))
  const failures = new Map(good.map(({ id }, at) => [id, outcomes[at]]))
  for (const entry of entries) if (entry.read instanceof ApiError) failures.set(entry.id, entry.read)
  return batchOutput(
    entries.filter(({ id }) => !failures.get(id)).map(({ id }) => ({ Id: id })),
    entries.flatMap(({ id }) => {
      const failure = failures.get(id)
      return failure ? [failedEntry(id, failure)] : []
    }),
  )
}

function throwIfFailed([outcome]: readonly Outcome[]): SqsOutput {
  if (outcome) throw outcome
  return {}
}

const facts = {
  readOnly: false,
  category: 'Data',
  onlyReads: false,
  acrossAccounts: true,
  about: 'queue',
} as const
const deleting = { ...facts, action: 'sqs:DeleteMessage' } as const
const changing = { ...facts, action: 'sqs:ChangeMessageVisibility' } as const

export const DeleteMessage: SqsOperation = {
  name: 'DeleteMessage',
  ...deleting,
  handle: async ({ input, store, receiptHandles }, queue) =>
    throwIfFailed(await store.delete(queue, [readReceipt(input, receiptHandles)])),
}

export const DeleteMessageBatch: SqsOperation = {
  name: 'DeleteMessageBatch',
  ...deleting,
  handle: ({ input, store, receiptHandles }, queue) =>
    batch(
      input,
      (entry) => readReceipt(entry, receiptHandles),
      (receipts) => store.delete(queue, receipts),
    ),
}

export const ChangeMessageVisibility: SqsOperation = {
  name: 'ChangeMessageVisibility',
  ...changing,
  handle: async ({ input, store, receiptHandles }, queue) =>
    throwIfFailed(await store.changeVisibility(queue, [readChange(input, receiptHandles)])),
}

export const ChangeMessageVisibilityBatch: SqsOperation = {
  name: 'ChangeMessageVisibilityBatch',
  ...changing,
  handle: ({ input, store, receiptHandles }, queue) =>
    batch(
      input,
      (entry) => readChange(entry, receiptHandles),
      (changes) => store.changeVisibility(queue, changes),
    ),
}
