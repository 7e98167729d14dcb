export { type ApiCall, type CallIdentity, type SelfTrail } from './api-call.ts'
