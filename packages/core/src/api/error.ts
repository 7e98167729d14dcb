/** Every answer that is not 2xx. `x-amzn-ErrorType` has the code, too; `x-amzn-RequestId` names the call in the log. */
export interface ApiError {
  /** `ValidationException`, `AccessDeniedException`, `ThrottlingException`, `ServiceUnavailable`, ... */
  readonly __type: string
  readonly Message: string
  /** Of a search that cannot be read: the character, from 0, where it stops making sense. */
  readonly at?: number
}
