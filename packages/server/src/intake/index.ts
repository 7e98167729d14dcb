export {
  createAdmissionPool,
  createInPlaceAdmission,
  AdmissionBusyError,
  type AdmissionPool,
} from './admission-pool.ts'
export { BodyError, BodyTooLongError } from './body-chunks.ts'
export { IntakeInterruptedError, takeIn, type IntakeOptions } from './intake.ts'
export { notStoredCode, reusedCode, type IntakeAnswer, type IntakeOutcome } from './tally.ts'
export { openRecordWriter, WriterBusyError, type RecordWriter, type WriteOutcome } from './record-writer.ts'
export { createRefusalReports, type RefusalReports } from './refusal-reports.ts'
export { eventsRoute } from './events-route.ts'
export { reportsRoute } from './reports-route.ts'
export { importRoute } from './import-route.ts'
export {
  createImporter,
  ImportInterruptedError,
  type Importer,
  type ImportOutcome,
  type ImportRequest,
} from './importer.ts'
