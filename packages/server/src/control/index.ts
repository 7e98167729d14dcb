export {
  ControlConflictError,
  ControlUnavailableError,
  type ControlStore,
  type ControlWrite,
  type Versioned,
} from './control-store.ts'
