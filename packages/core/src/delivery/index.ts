export { logFileKind, logFileKinds, type LogFileKind } from './log-file-kind.ts'
export {
  logFileKey,
  markerKey,
  parseLogFileKey,
  type LogFileName,
  type LogFolder,
  type ParsedLogFileKey,
} from './log-file-key.ts'
export { parseLogFileName, type ParsedLogFileName } from './log-file-name.ts'
export { uniquePart, uniquePartBytes } from './unique-part.ts'
export { joinRecords, logFileBody } from './log-file-body.ts'
export { isGlobalServiceEvent, type Place } from './global-service.ts'
export { isOwnDelivery, ownService } from './own-delivery.ts'
export { createSelection, type Judgement } from './selection.ts'
export { type SelectingVersion } from './selecting-version.ts'
export { compileVersion, type CompiledVersion, type Refusal } from './compiled-version.ts'
export { explainSelection, type SelectionExplanation, type VersionVerdict } from './explain-selection.ts'
export { selectionKey, type ConfigSpan } from './selection-key.ts'
export {
  allPositions,
  createPositionsWriter,
  readPositions,
  type PositionRun,
  type Positions,
  type PositionsWriter,
  type ReadPositions,
} from './positions.ts'
