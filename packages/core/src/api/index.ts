/**
 * The wire shapes of OpenTrail's own API, `/api/v1`: what the server answers, and what the command line and the console read. JSON;
 * times are ISO 8601 in UTC, whole seconds for event times; what is absent is left out, never null. The document with
 * all parameters and limits is at `/api/v1/openapi.json`.
 */
export type { ApiSession, ApiSignIn, ApiSignInAnswer } from './session.ts'
export type { ApiEvent, ApiEventDetail, ApiEventPlace, ApiTrailVerdict, ApiLogFileRef } from './event.ts'
export type { ApiCounts, ApiEventPage, ApiScopeParameters, ApiTopValues } from './search.ts'
export type { ApiIdentityTimeline, ApiParameterChange, ApiResourceChange, ApiResourceTimeline } from './timeline.ts'
export type { ApiDigest, ApiDigestPage, ApiDryRun, ApiDryRunRequest, ApiLogFile, ApiLogFilePage } from './trail.ts'
export type { ApiAnswer, ApiQuestion } from './ask.ts'
export type { ApiImportAnswer, ApiImportRefusal } from './import.ts'
export type { ApiError } from './error.ts'
export type { ApiDemo } from './demo.ts'
export type {
  ApiVerification,
  ApiVerificationFinding,
  ApiVerificationOutcome,
  ApiVerifiedTrail,
} from './verification.ts'
