export { type ApiCall, type CallIdentity, type SelfTrail } from './api-call.ts'
export { createOutbox, type Outbox } from './outbox.ts'
export { createSelfTrail } from './self-trail.ts'
export { timeText as recordedTime } from './self-record.ts'
