/** Why a LookupEvents request is refused. `message` goes over the wire. */
export interface LookupFault {
  readonly ok: false
  readonly kind: LookupFaultKind
  readonly message: string
}

export type LookupFaultKind =
  | 'wrong-type'
  | 'invalid-lookup-attributes'
  | 'invalid-time-range'
  | 'invalid-max-results'
  | 'invalid-event-category'
  | 'invalid-next-token'

/** Leaves the checks of one request at the first fault; `planLookup` turns it into a value. */
export class LookupRefusal extends Error {
  override readonly name = 'LookupRefusal'
  readonly fault: LookupFault
  constructor(kind: LookupFaultKind, message: string) {
    super(message)
    this.fault = { ok: false, kind, message }
  }
}
