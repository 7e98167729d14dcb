export {
  createAdmissionPool,
  createInPlaceAdmission,
  AdmissionBusyError,
  type AdmissionPool,
} from './admission-pool.ts'
export { BodyError } from './body-chunks.ts'
export { IntakeInterruptedError, reusedCode, takeIn, type IntakeAnswer, type IntakeOptions } from './intake.ts'
export { openRecordWriter, WriterBusyError, type RecordWriter, type WriteOutcome } from './record-writer.ts'
export { createRefusalReports, type RefusalReports } from './refusal-reports.ts'
export { eventsRoute, reportsRoute } from './events-route.ts'
