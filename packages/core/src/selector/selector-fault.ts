/** Why PutEventSelectors refuses its input. `message` goes over the wire. */
export interface SelectorFault {
  readonly ok: false
  /** `serialization`: a member has another JSON type than the API gives it; `invalid`: InvalidEventSelectors. */
  readonly kind: 'invalid' | 'serialization'
  readonly message: string
}

/** Leaves the checks of one request at the first fault; `readSelectors` turns it into a value. */
export class SelectorRefusal extends Error {
  override readonly name = 'SelectorRefusal'
  readonly fault: SelectorFault
  constructor(kind: SelectorFault['kind'], message: string) {
    super(message)
    this.fault = { ok: false, kind, message }
  }
}

export function refuse(message: string): never {
  throw new SelectorRefusal('invalid', message)
}

/** Longer than any ARN that a person would write; a message must not grow with what it complains about. */
const shownCharsMax = 300

/** A value from outside as messages show it. */
export const shown = (value: string): string =>
  value.length <= shownCharsMax ? value : `${value.slice(0, shownCharsMax)}...`
