export { QueueSinkError, type MessageAttribute, type QueueSink } from './queue-sink.ts'
