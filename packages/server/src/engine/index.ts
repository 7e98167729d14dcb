export {
  EngineUnavailableError,
  startEngine,
  type Engine,
  type EngineEvent,
  type EngineOptions,
} from './engine-supervisor.ts'
