import {
  ChangeMessageVisibility,
  ChangeMessageVisibilityBatch,
  DeleteMessage,
  DeleteMessageBatch,
} from './message-operations.ts'
import { AddPermission, RemovePermission } from './permission-operations.ts'
import { QueueError } from './queue-error.ts'
import { CreateQueue, DeleteQueue, PurgeQueue, SetQueueAttributes, TagQueue, UntagQueue } from './queue-operations.ts'
import {
  GetQueueAttributes,
  GetQueueUrl,
  ListDeadLetterSourceQueues,
  ListQueues,
  ListQueueTags,
} from './queue-read-operations.ts'
import { ReceiveMessage } from './receive-operation.ts'
import { SendMessage, SendMessageBatch } from './send-operations.ts'
import type { SqsOperation } from './sqs-operation.ts'

const notBuilt = (name: string, readOnly: boolean): SqsOperation => ({
  name,
  action: `sqs:${name}`,
  readOnly,
  category: 'Management',
  onlyReads: readOnly,
  acrossAccounts: false,
  about: 'account',
  handle: () =>
    Promise.reject(new QueueError('UnsupportedOperation', `${name} is not built in this version of OpenTrail.`)),
})

/** All operations of SQS by their wire names; those that are not built say so. */
export const sqsOperations: ReadonlyMap<string, SqsOperation> = new Map(
  [
    AddPermission,
    notBuilt('CancelMessageMoveTask', false),
    ChangeMessageVisibility,
    ChangeMessageVisibilityBatch,
    CreateQueue,
    DeleteMessage,
    DeleteMessageBatch,
    DeleteQueue,
    GetQueueAttributes,
    GetQueueUrl,
    ListDeadLetterSourceQueues,
    notBuilt('ListMessageMoveTasks', true),
    ListQueues,
    ListQueueTags,
    PurgeQueue,
    ReceiveMessage,
    RemovePermission,
    SendMessage,
    SendMessageBatch,
    SetQueueAttributes,
    notBuilt('StartMessageMoveTask', false),
    TagQueue,
    UntagQueue,
  ].map((operation) => [operation.name, operation]),
)
