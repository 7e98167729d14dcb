export { openQueues, type Queues, type QueuesOptions } from './open-queues.ts'
export { QueueSinkError, type MessageAttribute, type QueueSink } from './queue-sink.ts'
export { type SqsFrontOptions } from './sqs-front.ts'
