export { ApiError } from './api-error.ts'
export { type Operation, type OperationContext } from './operation.ts'
