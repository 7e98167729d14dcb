export { ApiError } from '../api-error/index.ts'
export { type Operation, type OperationContext } from './operation.ts'
export { inputMember } from './operation-input.ts'
export {
  builtOperations,
  cloudTrailOperations,
  createOperationRegistry,
  notBuilt,
  putAuditEventsEntry,
  type OperationEntry,
  type OperationRegistry,
} from './registry.ts'
export { createLookupEvents, type LookupEventsOptions } from './LookupEvents.ts'
export { ListPublicKeys } from './ListPublicKeys.ts'
export { createTrailOperations } from './trail-operations.ts'
